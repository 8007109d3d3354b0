import { password } from './user-requests.ts';
import { bodyReader, queryReader } from './validation.ts';

const text = { type: 'string' } as const;

export const readUserOnly = bodyReader<{ readonly user_id: string }>({
  type: 'object',
  required: ['user_id'],
  properties: { user_id: text },
});

export const readInvitationId = bodyReader<{ readonly invitation_id: string }>({
  type: 'object',
  required: ['invitation_id'],
  properties: { invitation_id: text },
});

export const readInvitationUpdate = bodyReader<{
  readonly invitation_id: string;
  readonly is_accepted: boolean;
}>({
  type: 'object',
  required: ['invitation_id', 'is_accepted'],
  properties: { invitation_id: text, is_accepted: { type: 'boolean' } },
});

export const readClaim = bodyReader<{
  readonly invitation_link: string;
  readonly user_id: string;
  readonly password: string;
}>({
  type: 'object',
  required: ['invitation_link', 'user_id', 'password'],
  properties: { invitation_link: text, user_id: text, password },
});

export const readInvitationQuery = queryReader<{ readonly invitation_id: string }>({
  type: 'object',
  required: ['invitation_id'],
  properties: { invitation_id: text },
});

export const readLinkQuery = queryReader<{ readonly invite_link: string }>({
  type: 'object',
  required: ['invite_link'],
  properties: { invite_link: text },
});
