-- How often keys, and whom they act for, have changed: each change counts up in its own transaction, so that who reads this
-- number knows whether it has heard of every change.
CREATE TABLE key_changes (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  version bigint NOT NULL
);

INSERT INTO key_changes (version) VALUES (0);
