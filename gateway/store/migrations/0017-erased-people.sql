-- People who were erased: what comes to be stored of calls that they had begun before is stored under the pseudonym. It is known
-- by a digest of kind and id, so that this table names nobody.
CREATE TABLE erased_people (
  subject text PRIMARY KEY,
  pseudonym text NOT NULL,
  -- Calls that began up to then are his; null while he is being erased.
  erased_at timestamp(3)
);
