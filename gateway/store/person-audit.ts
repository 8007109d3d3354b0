import type { Blankable } from '../observe/audit-chain.ts';
import { type Connection, rows } from './connection.ts';
import { auditConditions, type KnownPerson, namesOf, PERSON } from './person-places.ts';

const emptied: Readonly<Record<Blankable, string>> = {
  changed_by: "''",
  changed_by_api_key: "''",
  object_id: "''",
  before_value: 'NULL',
  updated_values: 'NULL',
};

/** SQL that blanks values with their salts where a condition holds: the chain holds on, and nothing can be tried. */
const blanking = (columns: readonly Blankable[], condition: string): string => `
  UPDATE "LiteLLM_AuditLog" AS log SET ${columns.map((name) => `${name} = ${emptied[name]}`).join(', ')},
    litellm_salts = litellm_salts${columns.map((name) => ` - '${name}'`).join('')}
  FROM ${PERSON} WHERE ${condition}`;

/** Takes a person out of the audit log, also out of what others have done. */
export async function eraseAudit(db: Connection, person: KnownPerson): Promise<void> {
  const { by, object, told } = auditConditions(person);
  const filled = `(log.before_value IS NOT NULL OR log.updated_values IS NOT NULL)`;
  const values = await namesOf(db, person);
  const statements = [
    blanking(['before_value', 'updated_values'], `${told} AND ${filled}`),
    blanking(['object_id'], object),
    blanking(['changed_by'], by),
  ];
  for (const text of statements) await rows(db, { text, values });
}

/** How many rows of the audit log tell of a person. */
export async function countAudit(db: Connection, person: KnownPerson): Promise<number> {
  const { by, told } = auditConditions(person);
  const [counted] = await rows<{ count: number }>(db, {
    text: `SELECT count(*) AS count FROM "LiteLLM_AuditLog" AS log, ${PERSON} WHERE ${by} OR ${told}`,
    values: await namesOf(db, person),
  });
  return counted?.count ?? 0;
}
