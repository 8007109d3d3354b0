import { markedAs } from '../../http/auth-failure.ts';
import { GatewayError } from '../../http/errors.ts';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import { ADMIN_USER_ID, type Identity } from '../../identity/identity.ts';
import { byUser } from '../../store/changed-by.ts';
import {
  deleteInvitation,
  type InvitationRow,
  insertInvitation,
  lockInvitation,
  readInvitation,
  setAccepted,
} from '../../store/invitations.ts';
import { readUser } from '../../store/users.ts';
import { change, changedBy, type ManagementDeps } from './change.ts';
import { invitationAt } from './changes.ts';
import { badRequest, notFound } from './faults.ts';
import {
  readClaim,
  readInvitationId,
  readInvitationQuery,
  readInvitationUpdate,
  readLinkQuery,
  readUserOnly,
} from './invitation-requests.ts';
import { management, unkeyed } from './management.ts';
import { givePassword } from './passwords.ts';

const VALID_MS = 7 * 24 * 60 * 60 * 1000;
/** Where people sign in. */
const LOGIN_URL = '/ui/sign-in';

function found(row: InvitationRow | undefined): InvitationRow {
  if (row === undefined) throw notFound('invitation_id', 'There is no such invitation');
  return row;
}

/** An invitation's id is its link, so the audit log names the user whom it is for. */
const noted = ({ id: _link, ...row }: InvitationRow): object => row;

async function create(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const { user_id: userId } = readUserOnly(request.body);
  if (userId === ADMIN_USER_ID) {
    throw badRequest(
      'user_id',
      'The built-in admin needs no invitation: it changes its password at /ui/password',
    );
  }
  const by = changedBy(request, who);
  return change(deps, by, async (db, changed) => {
    const expiresAt = new Date(deps.clock() + VALID_MS);
    const row = await insertInvitation(db, { userId, expiresAt, by: by.userId });
    if (row === undefined) throw badRequest('user_id', `There is no user '${userId}'`);
    changed.created(invitationAt(row.user_id), noted(row));
    return row;
  });
}

async function update(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const { invitation_id: id, is_accepted: accepted } = readInvitationUpdate(request.body);
  const by = changedBy(request, who);
  return change(deps, by, async (db, changed) => {
    const before = found(await lockInvitation(db, id));
    const acceptedAt = accepted ? (before.accepted_at ?? new Date(deps.clock())) : null;
    const row = found(await setAccepted(db, { id, acceptedAt, by: by.userId }));
    changed.updated(invitationAt(row.user_id), noted(before), noted(row));
    return row;
  });
}

async function remove(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const { invitation_id: id } = readInvitationId(request.body);
  return change(deps, changedBy(request, who), async (db, changed) => {
    const row = found(await deleteInvitation(db, id));
    changed.deleted(invitationAt(row.user_id), noted(row));
    return row;
  });
}

/** The invitation, for whoever holds its link. One answer for all that is wrong with it: who guesses learns nothing. */
function opened(row: InvitationRow | undefined, { clock }: ManagementDeps): InvitationRow {
  if (row !== undefined && !row.is_accepted && clock() < row.expires_at.getTime()) return row;
  throw new GatewayError(
    'link_refused',
    'Authentication Error, this invitation is not known, was used already or is over; ask for another one',
    { headers: markedAs('sign-in') },
  );
}

/** `/onboarding/get_token`: whom the link is for. No session begins by it: the admin UI lets in the built-in admin alone. */
async function open(deps: ManagementDeps, request: GatewayRequest) {
  const { invite_link: id } = readLinkQuery(request.query);
  const { user_id } = opened(await readInvitation(deps.db, id), deps);
  const user = await readUser(deps.db, user_id);
  return { user_id, user_email: user?.user_email ?? null, login_url: LOGIN_URL, token: null };
}

/** `/onboarding/claim_token`: the user's password, by whoever holds the link; once. */
async function claim(deps: ManagementDeps, request: GatewayRequest) {
  const { invitation_link: id, user_id: userId, password: chosen } = readClaim(request.body);
  const ofUser = (row: InvitationRow | undefined) => opened(row?.user_id === userId ? row : undefined, deps);
  // Looked at before the password is hashed, which is work, and once more under its lock.
  ofUser(await readInvitation(deps.db, id));
  const password = await deps.hasher.hash(chosen);
  return change(deps, byUser(userId), async (db, changed) => {
    const before = ofUser(await lockInvitation(db, id));
    const acceptedAt = new Date(deps.clock());
    const row = found(await setAccepted(db, { id, acceptedAt, by: userId }));
    changed.updated(invitationAt(userId), noted(before), noted(row));
    await givePassword(db, changed, { userId, password });
    const user = await readUser(db, userId);
    return { user_id: userId, user_email: user?.user_email ?? null, login_url: LOGIN_URL, token: null };
  });
}

/** The handlers of `/invitation/*`, and of `/onboarding/*`, which take the link instead of a key. */
export function invitationHandlers(
  deps: ManagementDeps,
): Pick<
  Handlers,
  | 'newInvitation'
  | 'invitationInfo'
  | 'updateInvitation'
  | 'deleteInvitation'
  | 'openInvitation'
  | 'claimInvitation'
> {
  const errors = 'detail';
  return {
    newInvitation: management((request, who) => create(deps, request, who), { body: readUserOnly, errors }),
    invitationInfo: management(
      async (request) =>
        found(await readInvitation(deps.db, readInvitationQuery(request.query).invitation_id)),
      { errors },
    ),
    updateInvitation: management((request, who) => update(deps, request, who), {
      body: readInvitationUpdate,
      errors,
    }),
    deleteInvitation: management((request, who) => remove(deps, request, who), {
      body: readInvitationId,
      errors,
    }),
    openInvitation: unkeyed((request) => open(deps, request)),
    claimInvitation: unkeyed((request) => claim(deps, request), readClaim),
  };
}
