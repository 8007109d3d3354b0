-- The row before the first that retention has left of the audit log: the chain begins behind it.
ALTER TABLE audit_head
  ADD COLUMN first_seq bigint NOT NULL DEFAULT 0,
  ADD COLUMN first_hash text NOT NULL DEFAULT '';
