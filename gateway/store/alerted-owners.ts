import type { Owner, OwnerKind } from '../identity/owners.ts';
import type { OwnerFacts } from '../observe/alerts/webhook-event.ts';
import { nameOf } from './accounts.ts';
import { type Connection, rows } from './connection.ts';
import { byKind, isListed, keyLists, ownerTables, unnested } from './owner-rows.ts';

const user = 'LEFT JOIN "LiteLLM_UserTable" u ON u.user_id = o.user_id';
const team = 'LEFT JOIN "LiteLLM_TeamTable" t ON t.team_id = o.team_id';

/** Where an alert's facts are found: columns beside the row `o` of an owner. */
const sources: Readonly<Record<OwnerKind, readonly [columns: string, joins: string]>> = {
  organization: ['o.organization_id', ''],
  organization_member: ['o.organization_id, o.user_id, u.user_email', user],
  team: [
    `o.team_id, o.team_alias, o.organization_id, o.metadata -> 'soft_budget_alerting_emails' AS alert_emails`,
    '',
  ],
  team_member: ['o.team_id, o.user_id, t.team_alias, t.organization_id, u.user_email', `${team} ${user}`],
  user: ['o.user_id, o.user_email', ''],
  global: ['NULL::text AS user_id', ''],
  end_user: ['o.user_id AS customer_id', ''],
  tag: ['o.tag_name AS tag', ''],
  key: [
    `o.token, o.key_alias, o.user_id, o.team_id, t.team_alias, u.user_email,
      coalesce(t.organization_id, o.organization_id) AS organization_id`,
    `${team} ${user}`,
  ],
};

const nothing: OwnerFacts = {
  token: null,
  key_alias: null,
  user_id: null,
  user_email: null,
  team_id: null,
  team_alias: null,
  organization_id: null,
  customer_id: null,
  alert_emails: null,
};

/** What alerts say of these owners, by `nameOf`; those without a row are left out. */
export async function factsOfOwners(
  db: Connection,
  some: readonly Owner[],
): Promise<ReadonlyMap<string, OwnerFacts>> {
  const facts = new Map<string, OwnerFacts>();
  for (const [kind, those] of byKind(some)) {
    const { table, key } = ownerTables[kind];
    const [columns, joins] = sources[kind];
    const found = await rows<{ key: readonly string[]; facts: Partial<OwnerFacts> }>(db, {
      text: `
        SELECT ARRAY[${key.map((column) => `asked.${column}`).join(', ')}] AS key, to_jsonb(about) AS facts
        FROM unnest(${unnested(kind)}) AS asked (${key.join(', ')})
        JOIN ${table} o ON ${isListed(kind, 'asked')} ${joins}
        CROSS JOIN LATERAL (SELECT ${columns}) AS about`,
      values: [...keyLists(kind, those)],
    });
    for (const row of found) facts.set(nameOf({ kind, ids: row.key }), { ...nothing, ...row.facts });
  }
  return facts;
}
