-- Keeps the number of the ledger's step, which another branch adds under a name of its own.
SELECT 1;
