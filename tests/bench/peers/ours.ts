import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { startPostgres } from '../../harness/postgres.ts';
import { writePrograms } from '../../harness/programs.ts';
import { chatDoor } from './bench-model.ts';
import { ask, generateKey, MASTER_KEY, startGateway, untilReady } from './our-gateway.ts';
import { type BenchKeys, judgeRows } from './ours-rows.ts';
import type { Peer } from './peer.ts';

/** What a lane of ours is governed by: settings of the gateway, owners in its database, and fields of the keys. */
interface Governance {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly owners: readonly (readonly [path: string, body: object])[];
  readonly key: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
}

const none: Governance = { settings: {}, owners: [], key: {}, headers: {} };

/** Far from what a session spends, so that everything is counted and nothing is refused. */
const budget = { max_budget: 1_000_000, budget_duration: '30d' };
const limits = { rpm_limit: 100_000_000, tpm_limit: 100_000_000_000 };
const parallel = { max_parallel_requests: 100_000 };
const names = {
  organization: { organization_id: 'bench-organization' },
  team: { team_id: 'bench-team' },
  user: { user_id: 'bench-user' },
  customer: { user_id: 'bench-customer' },
  tag: { name: 'bench-tag' },
};

/** A key's own limits and budget: what crabllm's lane is governed by. */
const keyAlone: Governance = {
  ...none,
  key: { ...budget, ...limits, ...parallel, duration: '30d' },
};

/** Every budget and every limit that a call can meet. */
const everything: Governance = {
  settings: budget,
  owners: [
    ['/organization/new', { ...names.organization, organization_alias: 'bench', ...budget, ...limits }],
    ['/team/new', { ...names.team, ...names.organization, ...budget, ...limits, ...parallel }],
    ['/user/new', { ...names.user, ...budget, ...limits, ...parallel, auto_create_key: false }],
    [
      '/team/member_add',
      {
        ...names.team,
        member: { ...names.user, role: 'user' },
        max_budget_in_team: budget.max_budget,
        ...limits,
      },
    ],
    ['/customer/new', { ...names.customer, ...budget, ...limits }],
    ['/tag/new', { ...names.tag, ...budget, ...limits }],
  ],
  key: {
    ...names.team,
    ...names.user,
    ...budget,
    ...limits,
    ...parallel,
    duration: '30d',
    tags: [names.tag.name],
    model_rpm_limit: { bench: limits.rpm_limit },
    model_tpm_limit: { bench: limits.tpm_limit },
    model_max_budget: { bench: { budget_limit: budget.max_budget, time_period: budget.budget_duration } },
  },
  headers: { 'x-litellm-end-user-id': names.customer.user_id },
};

/** Counts from one checkpoint to the next, which comes after the session. */
const NO_CHECKPOINT = 'checkpoint_timeout = 1h\nmax_wal_size = 8GB';

function postmaster(directory: string): number {
  return Number.parseInt(readFileSync(join(directory, 'postmaster.pid'), 'utf8'), 10);
}

async function walBytes(url: string): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ bytes: number }>(
      `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS bytes`,
    );
    return rows[0]?.bytes ?? 0;
  } finally {
    await client.end();
  }
}

function oursUnder(governance: Governance, identity: Pick<Peer, 'name' | 'title'>): Peer {
  return {
    ...identity,
    // It is measured as the image carries it.
    install: writePrograms,
    open: async (site) => {
      const directory = join(site.scratch, 'database');
      const server = await startPostgres({
        major: 17,
        durable: true,
        directory,
        configuration: NO_CHECKPOINT,
      });
      const { name, runtimeUrl } = await server.createDatabase();
      const start = () => startGateway(site, runtimeUrl, governance.settings);
      // Once before, to make owners and keys as an operator would.
      const program = start();
      await untilReady(site.port, program);
      for (const [path, body] of governance.owners) await ask(site.port, path, MASTER_KEY, body);
      const newKey = (key_alias: string): Promise<string> =>
        generateKey(site.port, { ...governance.key, key_alias, models: ['bench'] });
      const keys: BenchKeys = { whole: await newKey('whole'), cut: await newKey('cut') };
      await program.stop();
      return {
        helpers: [postmaster(directory)],
        written: () => walBytes(server.superuserUrl(name)),
        start: () => ({
          door: chatDoor(site.port, keys.whole, governance.headers),
          cutDoor: chatDoor(site.port, keys.cut, governance.headers),
          program: start(),
        }),
        finish: async (calls) => {
          const findings = await judgeRows(server.superuserUrl(name), { title: identity.title, keys, calls });
          await server.stop();
          return findings;
        },
      };
    },
  };
}

/** The gateway as it ships, and every check on: each call leaves a row in a durable PostgreSQL. */
export const ours = oursUnder(everything, { name: 'ours', title: 'ours, governed' });

/** What most keys have: the difference to `ours` is what each further owner of a key costs. */
export const oursKey = oursUnder(keyAlone, { name: 'key', title: "ours, a key's own limits and budget" });

/** A virtual key that may do anything, and a row for each call: what the checks cost is what `ours` takes more. */
export const oursFree = oursUnder(none, { name: 'free', title: 'ours, key and row alone' });
