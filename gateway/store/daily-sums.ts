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

const COUNTS = [
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

const NAMED = NAMES.map((name) => `coalesce(d.${name}, '') AS ${name}`).join(', ');

/** Rows as they are told apart: who, and the figures times `sign`. */
const read = (kind: DailyKind, whom: string, sign: '' | '-' = ''): string => `
  SELECT d.date, ${whom} AS whom, ${NAMED}, ${sign}d.spend_pico AS spend_pico,
    ${COUNTS.map((name) => `${sign}d.${name} AS ${name}`).join(', ')}
  FROM ${dailySource(kind)}`;

/**
 * The rows of a table, and those of nobody there: every call counts for a user, so what the table lacks of that belongs to
 * nobody.
 */
const withNobody = (kind: DailyKind): string => `
  ${read(kind, `d.${dailyTables[kind].whom}`)}
  UNION ALL ${read('user', 'NULL')}
  UNION ALL ${read(kind, 'NULL', '-')}`;

const rowsOf = (kind: DailyKind, nobody: boolean): string =>
  nobody ? withNobody(kind) : read(kind, `d.${dailyTables[kind].whom}`);

const SUMS = `sum(spend_pico)::text AS spent, ${COUNTS.map((name) => `sum(${name})::bigint AS ${name}`).join(', ')}`;

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
      SELECT d.date, d.${dailyTables[kind].whom} AS whom, ${NAMED}, d.spend_pico::text AS spent, ${COUNTS.join(', ')}
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
  const others = NAMES.filter((name) => name !== 'api_key').join(', ');
  const found = await rows<Stored<DailyRow>>(db, {
    text: `
      WITH fit AS (${read(kind, 'NULL')}), top AS (
        SELECT api_key FROM fit GROUP BY api_key ORDER BY sum(spend_pico) DESC, api_key LIMIT $7
      ), known AS (
        SELECT fit.*, top.api_key AS key FROM fit LEFT JOIN top ON top.api_key = fit.api_key
      )
      SELECT date, NULL AS whom, coalesce(key, '') AS api_key, ${others}, ${SUMS}
      FROM known GROUP BY date, key, ${others} ORDER BY date DESC`,
    values: [...filterValues(filter), keys],
  });
  return found.map(withPico<DailyRow>);
}

export interface SumQuery<By extends keyof DailyNames> {
  readonly kind: DailyKind;
  readonly filter: DailyFilter;
  /** What the sums are told apart by; nothing makes one sum of all. */
  readonly by: readonly By[];
  /** Whether what counts for nobody of this kind is a sum as well; only where the filter names nobody. */
  readonly nobody?: boolean;
  /** By what they are told apart, or what was spent most first. */
  readonly order: 'names' | 'spent';
  readonly limit?: number;
}

/** What was spent on days, in sums. */
export async function sumDays<By extends keyof DailyNames>(
  db: Connection,
  { kind, filter, by, nobody = false, order, limit = Number.MAX_SAFE_INTEGER }: SumQuery<By>,
): Promise<readonly (Pick<DailyNames, By> & DailyFigures)[]> {
  type Sum = Pick<DailyNames, By> & DailyFigures;
  const names = by.join(', ');
  const grouped = by.length === 0 ? 'HAVING count(*) > 0' : `GROUP BY ${names} HAVING sum(api_requests) > 0`;
  const first = [...(order === 'spent' ? ['sum(spend_pico) DESC'] : []), ...by];
  const found = await rows<Stored<Sum>>(db, {
    text: `
      SELECT ${by.map((name) => `${name}, `).join('')}${SUMS} FROM (${rowsOf(kind, nobody)}) AS fit
      ${grouped} ${first.length === 0 ? '' : `ORDER BY ${first.join(', ')}`} LIMIT $7`,
    values: [...filterValues(filter), limit],
  });
  return found.map(withPico<Sum>);
}

/** What one of a group has spent on one day; those who spent least are one without names. */
export interface GroupedDay extends Pick<DailyNames, 'date' | 'whom'> {
  /** Null for all that are not told apart. */
  readonly model: string | null;
  readonly api_key: string | null;
  readonly spent: Pico;
  readonly total_tokens: number;
}

/** For each day and each of a kind, nobody included: which models and keys have spent most, `top` of them, and all the others. */
export async function groupedDays(
  db: Connection,
  kind: DailyKind,
  filter: DailyFilter,
  top: number,
): Promise<readonly GroupedDay[]> {
  const found = await rows<Stored<GroupedDay>>(db, {
    text: `
      WITH sums AS (
        SELECT date, whom, model, api_key, sum(spend_pico) AS spent, sum(prompt_tokens + completion_tokens) AS tokens
        FROM (${withNobody(kind)}) AS fit GROUP BY date, whom, model, api_key HAVING sum(api_requests) > 0
      ), placed AS (
        SELECT *, row_number() OVER (PARTITION BY date, whom ORDER BY spent DESC, model, api_key) > $7 AS rest FROM sums
      )
      SELECT date, whom, CASE WHEN NOT rest THEN model END AS model, CASE WHEN NOT rest THEN api_key END AS api_key,
        sum(spent)::text AS spent, sum(tokens)::bigint AS total_tokens
      FROM placed GROUP BY date, whom, rest, 3, 4 ORDER BY date, whom, rest, sum(spent) DESC, 3, 4`,
    values: [...filterValues(filter), top],
  });
  return found.map(withPico<GroupedDay>);
}
