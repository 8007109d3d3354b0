import { hash, randomUUID } from 'node:crypto';
import type { SpendRecord } from '../accounting/spend.ts';
import { SILENT } from '../caller.ts';
import { betweenReaders } from './between-readers.ts';
import { type Connection, rows } from './connection.ts';

/** Somebody of whom data are kept: an internal user, or a customer as calls name one. */
export interface Person {
  readonly kind: 'user' | 'customer';
  readonly id: string;
}

/** How pseudonyms begin. */
const PSEUDONYM = 'deleted-';

/** What a person is known by once it is erased. */
const subjectOf = ({ kind, id }: Person): string => hash('sha256', `${kind}:${id}`);

/** The pseudonym of a person who was erased, or is being; undefined for everybody else. */
export async function pseudonymOf(db: Connection, person: Person): Promise<string | undefined> {
  const [row] = await rows<{ pseudonym: string }>(db, {
    text: 'SELECT pseudonym FROM erased_people WHERE subject = $1',
    values: [subjectOf(person)],
  });
  return row?.pseudonym;
}

/**
 * From now on what is stored of a person is stored under the pseudonym, which is returned and is the same each time. Whoever
 * stores calls reads the table first, and holds it as long: the lock waits for those who have not seen the row.
 */
export async function beginErasing(db: Connection, person: Person): Promise<string> {
  await betweenReaders(db, [
    { text: 'LOCK TABLE erased_people IN ACCESS EXCLUSIVE MODE' },
    {
      text: `
        INSERT INTO erased_people (subject, pseudonym) VALUES ($1, $2)
        ON CONFLICT (subject) DO UPDATE SET erased_at = NULL`,
      values: [subjectOf(person), `${PSEUDONYM}${randomUUID()}`],
    },
  ]);
  return (await pseudonymOf(db, person)) as string;
}

/** Who comes again under the same name is somebody new: from a minute later on, for clocks that differ. */
export async function endErasing(db: Connection, person: Person): Promise<void> {
  await rows(db, {
    text: `
      UPDATE erased_people SET erased_at = clock_timestamp() AT TIME ZONE 'UTC' + interval '1 minute'
      WHERE subject = $1`,
    values: [subjectOf(person)],
  });
}

interface Erased {
  readonly subject: string;
  readonly pseudonym: string;
  readonly erased_at: Date | null;
}

const userOf = ({ userId }: SpendRecord): Person[] => (userId === null ? [] : [{ kind: 'user', id: userId }]);
const customerOf = ({ endUser }: SpendRecord): Person[] =>
  endUser === null ? [] : [{ kind: 'customer', id: endUser }];

/** Of some names of customers those that are pseudonyms, which have calls and no account. */
export async function pseudonymsAmong(
  db: Connection,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const possible = names.filter((name) => name.startsWith(PSEUDONYM));
  if (possible.length === 0) return new Set();
  const found = await rows<{ pseudonym: string }>(db, {
    text: 'SELECT pseudonym FROM erased_people WHERE pseudonym = ANY ($1)',
    values: [possible],
  });
  return new Set(found.map(({ pseudonym }) => pseudonym));
}

/** What is stored of a call of somebody who was erased: all that it cost, and nothing that tells who it was. */
function anonymous(call: SpendRecord, named: { userId?: string; endUser?: string }): SpendRecord {
  return {
    ...call,
    ...named,
    keyAlias: named.userId === undefined ? call.keyAlias : null,
    requesterIp: null,
    caller: { ...SILENT, tags: call.caller.tags },
    error: call.error && { ...call.error, message: '' },
    content: null,
  };
}

/** Calls as they may be stored, inside the transaction that stores them: those of people who were erased name nobody. */
export async function withoutErased(
  db: Connection,
  calls: readonly SpendRecord[],
): Promise<readonly SpendRecord[]> {
  const subjects = new Set(calls.flatMap((call) => [...userOf(call), ...customerOf(call)].map(subjectOf)));
  if (subjects.size === 0) return calls;
  const found = await rows<Erased>(db, {
    name: 'erased_people',
    text: 'SELECT subject, pseudonym, erased_at FROM erased_people WHERE subject = ANY ($1)',
    values: [[...subjects]],
  });
  if (found.length === 0) return calls;
  const erased = new Map(found.map((row) => [row.subject, row]));
  const pseudonym = ([person]: readonly Person[], startTime: number): string | undefined => {
    const row = person && erased.get(subjectOf(person));
    return row && (row.erased_at === null || startTime <= row.erased_at.getTime())
      ? row.pseudonym
      : undefined;
  };
  return calls.map((call) => {
    const userId = pseudonym(userOf(call), call.startTime);
    const endUser = pseudonym(customerOf(call), call.startTime);
    if (userId === undefined && endUser === undefined) return call;
    return anonymous(call, {
      ...(userId !== undefined && { userId }),
      ...(endUser !== undefined && { endUser }),
    });
  });
}
