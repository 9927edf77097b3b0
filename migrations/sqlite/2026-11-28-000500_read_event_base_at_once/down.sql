-- SQLite numbers events by a trigger.
SELECT 1;
