import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { roles } from '../../identity/roles.ts';
import { allUserIds, countUsers } from '../../store/users.ts';
import { changedBy, type ManagementDeps } from './change.ts';
import { eachByItself } from './each-by-itself.ts';
import { badRequest } from './faults.ts';
import { MOST_AT_ONCE } from './key-requests.ts';
import { management } from './management.ts';
import { alone } from './user-reads.ts';
import { type BulkUserUpdate, readBulkUserUpdate, readUserUpdate } from './user-requests.ts';
import { changeUser } from './users.ts';

type Update = { readonly [member: string]: unknown };

/** What is asked of each user: of those that are named, or the same of everybody. */
async function asked({ db }: ManagementDeps, wanted: BulkUserUpdate): Promise<readonly Update[]> {
  if (!wanted.all_users) return (wanted.users ?? []) as readonly Update[];
  const everybody = await allUserIds(db, MOST_AT_ONCE + 1);
  if (everybody.length > MOST_AT_ONCE) {
    throw badRequest(
      'all_users',
      `There are more than ${MOST_AT_ONCE} users: name them in 'users', as many at a time`,
    );
  }
  return everybody.map((user_id) => ({ ...wanted.user_updates, user_id }));
}

const named = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** `/user/bulk_update`: each user as `/user/update` does it; one that is refused leaves the others changed. */
async function updateAll(deps: ManagementDeps, request: GatewayRequest, identity: Identity) {
  const updates = await asked(deps, readBulkUserUpdate(request.body));
  const changer = { who: identity, by: changedBy(request, identity) };
  const outcomes = await eachByItself(updates, (update) =>
    changeUser(deps, readUserUpdate.of(update), changer),
  );
  const updated = outcomes.filter(({ error }) => error === null).length;
  return {
    results: outcomes.map(({ asked: { user_id, user_email }, done, error }) => ({
      user_id: done?.user_id ?? named(user_id),
      user_email: done?.user_email ?? named(user_email),
      success: error === null,
      error,
      updated_user: done,
    })),
    total_requested: outcomes.length,
    successful_updates: updated,
    failed_updates: outcomes.length - updated,
  };
}

/** What each role is to a person who chooses one. */
const descriptions: Readonly<Record<(typeof roles)[number], readonly [label: string, description: string]>> =
  {
    proxy_admin: ['Admin (All Permissions)', 'sees and changes everything'],
    proxy_admin_viewer: [
      'Admin (View Only)',
      'sees every key, team, user and all spend, and changes nothing',
    ],
    internal_user: [
      'Internal User (Create/Delete/View)',
      'makes, changes and deletes keys of its own, and sees their spend',
    ],
    internal_user_viewer: ['Internal Viewer (View Only)', 'sees its own keys and their spend'],
  };

/** The handlers of `/user/*` that need no row of one user. */
export function userBulkHandlers(
  deps: ManagementDeps,
): Pick<Handlers, 'updateUsers' | 'userAlone' | 'availableRoles' | 'availableUsers'> {
  return {
    updateUsers: management((request, identity) => updateAll(deps, request, identity), {
      body: readBulkUserUpdate,
    }),
    userAlone: management((request, identity) => alone(deps.db, request, identity)),
    availableRoles: management(async () =>
      Object.fromEntries(
        roles.map((role) => {
          const [ui_label, description] = descriptions[role];
          return [role, { description, ui_label }];
        }),
      ),
    ),
    // LiteLLM's licence limits how many there may be; here nothing does.
    availableUsers: management(async () => ({
      total_users: null,
      total_users_used: await countUsers(deps.db),
      total_users_remaining: null,
    })),
  };
}
