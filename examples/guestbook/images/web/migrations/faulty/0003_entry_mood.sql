-- Only used by images built with FAULT=migration-fails: the table's name is misspelt.
ALTER TABLE entrys ADD COLUMN mood text;
