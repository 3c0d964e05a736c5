"""The test command: stages, gates and how their results are counted. scripts/test.sh starts it."""
