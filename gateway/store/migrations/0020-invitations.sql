-- Invitations, with LiteLLM's names: who holds the link sets the password of the user whom it is for.

CREATE TABLE "LiteLLM_InvitationLink" (
  id text PRIMARY KEY DEFAULT gen_random_uuid()::text,
  user_id text NOT NULL REFERENCES "LiteLLM_UserTable" ON UPDATE CASCADE ON DELETE CASCADE,
  is_accepted boolean NOT NULL DEFAULT false,
  accepted_at timestamp(3),
  expires_at timestamp(3) NOT NULL,
  created_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  created_by text NOT NULL,
  updated_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  updated_by text NOT NULL
);
CREATE INDEX "LiteLLM_InvitationLink_user_id_idx" ON "LiteLLM_InvitationLink" (user_id);

-- What the aliases of teams' models stand for.
CREATE TABLE "LiteLLM_ModelTable" (
  id integer PRIMARY KEY,
  aliases jsonb,
  created_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  created_by text NOT NULL,
  updated_at timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  updated_by text NOT NULL
);
