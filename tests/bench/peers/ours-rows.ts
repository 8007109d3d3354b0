import { createHash } from 'node:crypto';
import { Client } from 'pg';
import { USAGE } from '../provider/answers.ts';
import type { CallCounts, Finding } from './peer.ts';

/** The two virtual keys of a session: one for calls that are followed to their end, one for those that may be cut. */
export interface BenchKeys {
  readonly whole: string;
  readonly cut: string;
}

interface KeyRows {
  readonly rows: number;
  readonly distinct: number;
  readonly tokens: number;
}

async function rowsOf(client: Client, key: string): Promise<KeyRows> {
  const { rows } = await client.query(
    `SELECT count(*)::int AS rows, count(DISTINCT request_id)::int AS "distinct",
            coalesce(sum(total_tokens), 0)::bigint::float8 AS tokens
       FROM "LiteLLM_SpendLogs" WHERE api_key = $1`,
    [createHash('sha256').update(key).digest('hex')],
  );
  return rows[0] as KeyRows;
}

interface Session {
  /** Which lane of ours. */
  readonly title: string;
  readonly keys: BenchKeys;
  readonly calls: CallCounts;
}

function judge(whole: KeyRows, cut: KeyRows, { title, calls }: Session): Finding[] {
  const expected = calls.whole * USAGE.total_tokens;
  const most = calls.cut + calls.cutAtMost;
  return [
    {
      claim: `${title}: every call that was followed to its end has exactly one row in PostgreSQL`,
      holds: whole.rows === calls.whole && whole.distinct === whole.rows,
      seen: `${calls.whole} calls, ${whole.rows} rows, ${whole.distinct} different`,
    },
    {
      claim: `${title}: these rows hold the tokens that the provider counted`,
      holds: whole.tokens === expected,
      seen: `${whole.tokens} of ${expected}`,
    },
    {
      claim: `${title}: under saturation no row is missing or doubled`,
      holds: cut.rows >= calls.cut && cut.rows <= most && cut.distinct === cut.rows,
      seen: `${calls.cut} answered and at most ${calls.cutAtMost} cut calls, ${cut.rows} rows, ${cut.distinct} different`,
    },
  ];
}

/** Asks the database what the calls have left there. */
export async function judgeRows(url: string, session: Session): Promise<Finding[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { whole, cut } = session.keys;
    return judge(await rowsOf(client, whole), await rowsOf(client, cut), session);
  } finally {
    await client.end();
  }
}
