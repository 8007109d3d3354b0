-- A row is known by an id that the gateway makes: providers repeat theirs, and two calls of one millisecond may have the
-- same. Rows from before have none. Nothing is rewritten: a column without a default is a change of the catalogue alone,
-- and the unique index leaves out what has no id.
ALTER TABLE "LiteLLM_SpendLogs" ADD COLUMN litellm_row_id uuid;

CREATE UNIQUE INDEX "LiteLLM_SpendLogs_litellm_row_id_idx" ON "LiteLLM_SpendLogs" (litellm_row_id, "startTime")
  WHERE litellm_row_id IS NOT NULL;

ALTER TABLE "LiteLLM_SpendLogs" DROP CONSTRAINT "LiteLLM_SpendLogs_pkey";

-- Asked for by the whole id alone, as sessions are. Of all steps only this one reads what is there: until it is done
-- rows wait in the gateway's journal.
CREATE INDEX "LiteLLM_SpendLogs_request_id_idx" ON "LiteLLM_SpendLogs" USING hash (request_id);
