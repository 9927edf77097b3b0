-- SQLite runs the guards of a batch one after the other, and needs no function for them.
SELECT 1;
