import { randomUUID } from 'node:crypto';
import { jsonObject } from '../../http/body.ts';
import type { Identity } from '../../identity/identity.ts';
import type { Connection } from '../../store/connection.ts';
import { badRequest } from './faults.ts';
import { type NewOwnerByMaker, newKeysOrganization, requireTeamKeys } from './key-permissions.ts';
import { type GenerateRequest, type KeyFields, readGenerate } from './key-requests.ts';
import { requireMayBeNobodys } from './nobodys-keys.ts';
import type { BodyReader } from './validation.ts';

const ROUTE = '/key/service-account/generate';

/**
 * Reads a request for a key of a program: whatever user it names is ignored, as in LiteLLM. Its metadata hold the account's
 * id, by which reports tell it apart also after a rotation.
 */
export const readServiceAccount: BodyReader<GenerateRequest> = Object.assign(
  (body: Buffer | undefined) => {
    const { user_id: _ignored, ...wanted } = readGenerate(body);
    const metadata = { service_account_id: wanted.key_alias || randomUUID(), ...wanted.metadata };
    return { ...wanted, metadata };
  },
  {
    ignored: (body: Buffer | undefined) => [
      ...readGenerate.ignored(body),
      ...(jsonObject(body).user_id ? ['user_id'] : []),
    ],
  },
);

/** A team's own key, which outlives whoever has made it. Throws GatewayError as `requireTeamKeys` does. */
export async function serviceAccountOwner(
  db: Connection,
  who: Identity,
  wanted: KeyFields,
): Promise<NewOwnerByMaker> {
  const { team_id: teamId } = wanted;
  if (!teamId) throw badRequest('team_id', `${ROUTE} needs 'team_id': a service account belongs to a team`);
  const runsTeam = await requireTeamKeys(db, who, teamId, ROUTE);
  const owner = { userId: null, teamId, organizationId: await newKeysOrganization(db, who, wanted) };
  await requireMayBeNobodys(db, who, owner);
  return { ...owner, runsTeam };
}
