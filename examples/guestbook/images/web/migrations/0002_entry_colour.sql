-- Has a default, so that version 1.0, which knows no colours, goes on writing entries after a rollback.
ALTER TABLE entries
    ADD COLUMN colour text NOT NULL DEFAULT 'sea' CHECK (colour IN ('sea', 'leaf', 'sun', 'rose', 'plum'));
