-- Calls whose cost is counted although no row of "LiteLLM_SpendLogs" says so, by the id that the gateway made: those that are
-- not to leave a row, and those whose row was dropped with its day while their journal may still be there. The ids are UUIDs
-- of version 7, so that old ones are found by the key itself.
CREATE TABLE counted_calls (
  litellm_row_id uuid PRIMARY KEY
);
