-- A budget outlives the hash that it is named after: a key that is rotated takes its budget along, and what gateways hold of
-- it in memory goes on under the old name.
ALTER TABLE budget_state ADD COLUMN token text UNIQUE;

UPDATE budget_state SET token = substr(scope, 5) WHERE scope LIKE 'key:%';

COMMENT ON COLUMN budget_state.token IS 'The key that has this budget; null where it is not that of a key.';
