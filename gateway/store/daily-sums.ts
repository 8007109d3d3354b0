import type { Pico } from '../accounting/money.ts';
import { type Connection, rows } from './connection.ts';
import { type DailyKind, dailyTables } from './daily-tables.ts';

/** Whole UTC days, `YYYY-MM-DD`; the last one belongs to them. */
export interface Days {
  readonly from: string;
  readonly until: string;
}

/** Which rows of the daily tables are meant; null where it does not matter. */
export interface DailyFilter {
  readonly days: Days;
  readonly whom: readonly string[] | null;
  readonly notWhom: readonly string[] | null;
  /** Hashes. */
  readonly apiKeys: readonly string[] | null;
  readonly model: string | null;
}

/** Numbers of calls and tokens, and what was spent. */
export interface DailyFigures {
  readonly spent: Pico;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly api_requests: number;
  readonly successful_requests: number;
  readonly failed_requests: number;
}

/** What is counted of a day beside what was spent. */
export const dailyCounts = [
  'prompt_tokens',
  'completion_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'api_requests',
  'successful_requests',
  'failed_requests',
] as const;

/** What rows can be told apart by. `whom` is null for calls that count for nobody of the table's kind. */
export interface DailyNames {
  readonly date: string;
  readonly whom: string | null;
  readonly api_key: string;
  readonly model: string;
  readonly model_group: string;
  readonly custom_llm_provider: string;
  readonly mcp_namespaced_tool_name: string;
  readonly endpoint: string;
}

type Count = (typeof dailyCounts)[number];
type Name = keyof DailyNames;

const NAMES = [
  'api_key',
  'model',
  'model_group',
  'custom_llm_provider',
  'mcp_namespaced_tool_name',
  'endpoint',
] as const;

export type DailyRow = DailyNames & DailyFigures;

/** A condition on rows `d` of a table, of the values of `filterValues`. */
const condition = (kind: DailyKind): string => `
  d.date >= $1 AND d.date <= $2
  AND ($3::text[] IS NULL OR d.${dailyTables[kind].whom} = ANY ($3))
  AND ($4::text[] IS NULL OR d.${dailyTables[kind].whom} <> ALL ($4))
  AND ($5::text[] IS NULL OR d.api_key = ANY ($5)) AND ($6::text IS NULL OR d.model = $6)`;

export function filterValues({ days, whom, notWhom, apiKeys, model }: DailyFilter): unknown[] {
  return [days.from, days.until, whom, notWhom, apiKeys, model];
}

/** What stands behind FROM for the rows that fit. */
export const dailySource = (kind: DailyKind): string =>
  `"${dailyTables[kind].name}" d WHERE ${condition(kind)}`;

/** A name of a row, as SQL. */
function nameOf(kind: DailyKind, name: Name): string {
  if (name === 'date') return 'd.date';
  return name === 'whom' ? `d.${dailyTables[kind].whom}` : `coalesce(d.${name}, '')`;
}

const selected = (kind: DailyKind, by: readonly Name[]): string =>
  by.map((name) => `${nameOf(kind, name)} AS ${name}, `).join('');

/** `GROUP BY` the first columns of a statement, which are as many as these. */
const grouped = (by: readonly Name[]): string =>
  by.length === 0 ? '' : `GROUP BY ${by.map((_name, index) => index + 1).join(', ')}`;

/** A statement that sums the rows which fit; only what is asked for is read, for there may be some hundred thousand. */
function summed(kind: DailyKind, by: readonly Name[], counts: readonly Count[], rest = ''): string {
  const sums = ['spend_pico', ...counts].map((name) => `sum(d.${name}) AS ${name}`);
  return `SELECT ${selected(kind, by)}${sums.join(', ')} FROM ${dailySource(kind)} ${rest} ${grouped(by)}`;
}

/** What is left of the sums `whole` without the sums `part`, as a statement whose first columns are `by`. */
function without(by: readonly string[], counts: readonly Count[], whole: string, part: string): string {
  const figures = ['spend_pico', ...counts];
  const names = by.map((name) => `${name}, `).join('');
  return `
    SELECT ${names}${figures.map((name) => `sum(${name}) AS ${name}`).join(', ')} FROM (
      SELECT ${names}${figures.join(', ')} FROM ${whole}
      UNION ALL SELECT ${names}${figures.map((name) => `-${name}`).join(', ')} FROM ${part}
    ) AS both_sides ${by.length === 0 ? '' : `GROUP BY ${by.join(', ')}`} HAVING sum(api_requests) > 0`;
}

/**
 * Every call counts for a user: what the sums `theirs` of another kind lack of that belongs to nobody there. Two statements of
 * WITH, of which the second, `nobody`, has the columns `by` and the figures.
 */
function ofNobody(by: readonly Name[], counts: readonly Count[], theirs: string): string {
  return `everybody AS (${summed('user', by, counts)}), nobody AS (${without(by, counts, 'everybody', theirs)})`;
}

/** The columns of a sum as they are read: money as text, counts as numbers. */
const shown = (by: readonly Name[], counts: readonly Count[]): string =>
  [...by, 'spend_pico::text AS spent', ...counts.map((name) => `${name}::bigint AS ${name}`)].join(', ');

type Stored<T> = Omit<T, 'spent'> & { readonly spent: string };

const withPico = <T>(row: Stored<T>): T => ({ ...row, spent: BigInt(row.spent) }) as T;

/** One page of single rows, the newest day first. */
export async function dailyRows(
  db: Connection,
  kind: DailyKind,
  filter: DailyFilter,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<readonly DailyRow[]> {
  const found = await rows<Stored<DailyRow>>(db, {
    text: `
      SELECT ${selected(kind, ['date', 'whom', ...NAMES])} d.spend_pico::text AS spent, ${dailyCounts.join(', ')}
      FROM ${dailySource(kind)} ORDER BY d.date DESC, d.id LIMIT $7 OFFSET $8`,
    values: [...filterValues(filter), limit, offset],
  });
  return found.map(withPico<DailyRow>);
}

/**
 * All rows together, whomever they are for, the newest day first. The keys that have spent most are told apart; the others
 * are one key without a name.
 */
export async function dailyTotals(
  db: Connection,
  kind: DailyKind,
  filter: DailyFilter,
  keys: number,
): Promise<readonly DailyRow[]> {
  const others = ['date', ...NAMES.filter((name) => name !== 'api_key')] as const;
  const columns = ['date', ...NAMES] as const;
  const found = await rows<Stored<DailyRow>>(db, {
    text: `
      WITH top AS (
        SELECT d.api_key FROM ${dailySource(kind)} GROUP BY 1 ORDER BY sum(d.spend_pico) DESC, 1 LIMIT $7
      ), known AS (${summed(kind, columns, dailyCounts, 'AND d.api_key IN (SELECT api_key FROM top)')}),
      whole AS (${summed(kind, others, dailyCounts)}),
      rest AS (${without(others, dailyCounts, 'whole', 'known')})
      SELECT NULL AS whom, ${shown(columns, dailyCounts)} FROM known
      UNION ALL SELECT NULL, ${shown(columns, dailyCounts).replace('api_key', `'' AS api_key`)} FROM rest
      ORDER BY date DESC`,
    values: [...filterValues(filter), keys],
  });
  return found.map(withPico<DailyRow>);
}

export interface SumQuery<By extends Name, Counted extends Count> {
  readonly kind: DailyKind;
  readonly filter: DailyFilter;
  /** What the sums are told apart by; nothing makes one sum of all. */
  readonly by: readonly By[];
  /** What is summed beside what was spent and the number of calls. */
  readonly counts?: readonly Counted[];
  /** Whether what counts for nobody of this kind is a sum as well; only where the filter names nobody. */
  readonly nobody?: boolean;
  /** By what they are told apart, or what was spent most first. */
  readonly order: 'names' | 'spent';
  readonly limit?: number;
}

/** What was spent on days, and by how many calls. */
export type DailySum<By extends Name, Counted extends Count> = Pick<DailyNames, By> &
  Pick<DailyFigures, 'spent' | 'api_requests' | Counted>;

/** What was spent on days, in sums. */
export async function sumDays<By extends Name, Counted extends Count = never>(
  db: Connection,
  { kind, filter, by, counts = [], nobody = false, order, limit }: SumQuery<By, Counted>,
): Promise<readonly DailySum<By, Counted>[]> {
  const counted: readonly Count[] = ['api_requests', ...counts];
  const names = by.filter((name) => name !== 'whom');
  const columns = (whom: string) => [...by, 'spend_pico', ...counted].join(', ').replace(/\bwhom\b/, whom);
  const first = [...(order === 'spent' ? ['spend_pico DESC'] : []), ...by];
  const rest = nobody
    ? `, ${ofNobody(names, counted, 'theirs')},
      found AS (SELECT ${columns('whom')} FROM theirs UNION ALL SELECT ${columns('NULL')} FROM nobody)`
    : ', found AS (SELECT * FROM theirs)';
  const text = `
    WITH theirs AS (${summed(kind, by, counted)})${rest}
    SELECT ${shown(by, counted)} FROM found WHERE api_requests > 0
    ${first.length === 0 ? '' : `ORDER BY ${first.join(', ')}`} LIMIT $7`;
  const found = await rows<Stored<DailySum<By, Counted>>>(db, {
    text,
    values: [...filterValues(filter), limit ?? null],
  });
  return found.map(withPico<DailySum<By, Counted>>);
}

/** What a team or customer has spent on one day on one model by one key. */
export interface GroupedDay extends Pick<DailyNames, 'date' | 'whom'> {
  /** Null for all that are not told apart. */
  readonly model: string | null;
  readonly api_key: string | null;
  readonly spent: Pico;
  readonly total_tokens: number;
}

/**
 * What was spent on each day by those who are named, or by the `groups` of a kind who have spent most, and by nobody. A group's
 * day is its `lines` dearest rows by model and key, which the table's own index finds, and all that is left of it.
 */
export async function groupedDays(
  db: Connection,
  kind: DailyKind,
  filter: DailyFilter,
  { groups, lines }: { readonly groups: number; readonly lines: number },
): Promise<readonly GroupedDay[]> {
  const counts = ['api_requests', 'prompt_tokens', 'completion_tokens'] as const;
  const names = ['spend_pico', ...counts];
  const figures = names.join(', ');
  const found = await rows<Stored<GroupedDay>>(db, {
    text: `
      WITH sums AS MATERIALIZED (${summed(kind, ['date', 'whom'], counts)}),
      dearest AS (
        SELECT whom FROM sums GROUP BY whom HAVING sum(api_requests) > 0 ORDER BY sum(spend_pico) DESC, whom LIMIT $7
      ),
      shown AS (SELECT * FROM sums WHERE whom IN (SELECT whom FROM dearest)),
      lines AS (
        SELECT shown.date, shown.whom, line.model, line.api_key,
          ${names.map((name) => `sum(line.${name}) AS ${name}`).join(', ')}
        FROM shown CROSS JOIN LATERAL (
          SELECT ${selected(kind, ['model', 'api_key'])} ${names.map((name) => `d.${name}`).join(', ')}
          FROM ${dailySource(kind)} AND d.date = shown.date AND ${nameOf(kind, 'whom')} = shown.whom
          ORDER BY d.spend DESC LIMIT $8
        ) AS line GROUP BY 1, 2, 3, 4
      ),
      others AS (${without(['date', 'whom'], counts, 'shown', 'lines')}),
      ${ofNobody(['date'], counts, 'sums')},
      found AS (
        SELECT date, whom, model, api_key, ${figures} FROM lines
        UNION ALL SELECT date, whom, NULL, NULL, ${figures} FROM others
        UNION ALL SELECT date, NULL, NULL, NULL, ${figures} FROM nobody WHERE $3::text[] IS NULL
      )
      SELECT date, whom, model, api_key, spend_pico::text AS spent,
        (prompt_tokens + completion_tokens)::bigint AS total_tokens
      FROM found ORDER BY date, whom, model IS NULL, spend_pico DESC, model, api_key`,
    values: [...filterValues(filter), groups, lines],
  });
  return found.map(withPico<GroupedDay>);
}
