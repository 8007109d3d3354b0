import { GatewayError } from '../../http/errors.ts';
import type { GatewayRequest } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { subjects } from '../../identity/subjects.ts';
import { clearSpent, type ResetKind, resetKinds, spendersAfter } from '../../store/spend-reset.ts';
import { change, changedBy, type ManagementDeps } from './change.ts';
import { keyAt, teamAt } from './changes.ts';

/** Rows that are held together: who stores spend waits no longer than for these. */
const BATCH = 200;

const places = {
  team: { at: teamAt, subject: subjects.team },
  key: { at: keyAt, subject: (hash: string) => hash },
} as const;

async function resetKind(
  deps: ManagementDeps,
  by: ReturnType<typeof changedBy>,
  kind: ResetKind,
): Promise<void> {
  const { at, subject } = places[kind];
  let last: string | undefined = '';
  while (last !== undefined) {
    const ids: readonly string[] = await spendersAfter(deps.db, kind, last, BATCH);
    last = ids.at(-1);
    if (last === undefined) return;
    await change(deps, by, async (db, changed) => {
      for (const { owner, spend } of await clearSpent(db, kind, ids)) {
        const [id = ''] = owner.ids;
        changed.add(subject(id)).updated(at(id), { spend }, { spend: 0 });
      }
    });
  }
}

/**
 * `/global/spend/reset`: what all keys and teams have spent begins anew, for the master key alone. It is done in steps: one that
 * breaks off is finished by asking again.
 */
export async function resetSpend(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  if (who.kind !== 'master') {
    throw new GatewayError(
      'admin_only',
      'Authentication Error, only the master key may reset what was spent',
    );
  }
  for (const kind of resetKinds) await resetKind(deps, changedBy(request, who), kind);
  return { message: 'Spend of all keys and teams is 0 now', status: 'success' };
}
