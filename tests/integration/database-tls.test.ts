/** A database that is reached over TLS: who it is must be proven, and every refusal is clear and holds no secret. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Authority } from '../harness/authority.ts';
import { runGateway, startGateway } from '../harness/gateway-process.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';
import { migrateProgram } from '../harness/programs.ts';

const OWNER_PASSWORD = 'owner-canary-93hQ';
const CONFIG = 'model_list: [{model_name: gpt, litellm_params: {model: openai/gpt-4o}}]\n';

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

async function migrate(environment: Record<string, string>): Promise<Outcome> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [migrateProgram], {
      env: environment,
    });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

describe.each([16, 17] as const)('on PostgreSQL %i', (major) => {
  let directory: string;
  let authority: Authority;
  let stranger: Authority;
  let server: PostgresServer;
  let misnamed: PostgresServer;
  let plain: PostgresServer;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'database-tls-'));
    authority = await Authority.create();
    stranger = await Authority.create();
    await writeFile(join(directory, 'ca.pem'), authority.certificatePem);
    await writeFile(join(directory, 'stranger.pem'), stranger.certificatePem);
    [server, misnamed, plain] = await Promise.all([
      startPostgres({ major, tls: await authority.issue('localhost', '127.0.0.1') }),
      startPostgres({ major, tls: await authority.issue('db.example.com') }),
      startPostgres({ major }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([server.stop(), misnamed.stop(), plain.stop()]);
    await rm(directory, { recursive: true });
  });

  /** Both URLs over TCP, the owner's with a password too. */
  async function urls(
    of: PostgresServer,
    { name, runtimeUrl }: TestDatabase,
    ca: string,
    host = 'localhost',
  ) {
    const client = new Client({ connectionString: of.superuserUrl() });
    await client.connect();
    await client.query(`ALTER ROLE "litellm-owner" PASSWORD '${OWNER_PASSWORD}'`);
    await client.end();
    const query = `?sslmode=verify-full&sslrootcert=${join(directory, ca)}`;
    const runtime = new URL(runtimeUrl);
    return {
      runtime: runtimeUrl.replace('127.0.0.1', host) + query,
      owner: `postgresql://litellm-owner:${OWNER_PASSWORD}@${host}:${of.port}/${name}${query}`,
      secrets: [OWNER_PASSWORD, runtime.password],
    };
  }

  test.each(['localhost', '127.0.0.1'])(
    'with the right authority %s is migrated and served from',
    async (host) => {
      const database = await server.createDatabase({ migrated: false });
      const { runtime, owner, secrets } = await urls(server, database, 'ca.pem', host);
      const migrated = await migrate({ DATABASE_OWNER_URL: owner, DATABASE_URL: runtime });
      expect(migrated.output).toContain('schema is up to date; applied: 0001-keys.sql');
      await using gateway = await startGateway({ config: CONFIG, environment: { DATABASE_URL: runtime } });
      expect((await fetch(`${gateway.url}/health/readiness`)).status).toBe(200);
      const encrypted = new Client({ connectionString: server.superuserUrl() });
      await encrypted.connect();
      const { rows } = await encrypted.query(
        `SELECT bool_and(ssl) AS all_encrypted, count(*)::int AS connections FROM pg_stat_ssl
       JOIN pg_stat_activity USING (pid) WHERE application_name = 'litellm-gateway'`,
      );
      await encrypted.end();
      expect(rows).toEqual([{ all_encrypted: true, connections: expect.any(Number) }]);
      expect(rows[0].connections).toBeGreaterThan(0);
      for (const secret of secrets) expect(migrated.output + gateway.output()).not.toContain(secret);
    },
  );

  test('without DATABASE_OWNER_URL the one role migrates, twice, and serves', async () => {
    const database = await server.createDatabase({ migrated: false });
    const { owner } = await urls(server, database, 'ca.pem');
    for (const applied of ['0001-keys.sql', 'none']) {
      expect((await migrate({ DATABASE_URL: owner })).output).toContain(`applied: ${applied}`);
    }
    await using gateway = await startGateway({ config: CONFIG, environment: { DATABASE_URL: owner } });
    expect((await fetch(`${gateway.url}/health/readiness`)).status).toBe(200);
  });

  test.each<[string, () => PostgresServer, string, string]>([
    [
      'of an authority that is not trusted',
      () => server,
      'stranger.pem',
      'signed by an authority that is not trusted',
    ],
    ['for another name', () => misnamed, 'ca.pem', "is for another name than 'localhost'"],
    ['that there is not', () => plain, 'ca.pem', 'offers no TLS'],
    ['whose authority is in no file', () => server, 'missing.pem', 'which this user cannot read (ENOENT)'],
  ])('a certificate %s is refused by migration and gateway', async (_title, of, ca, expected) => {
    const database = await of().createDatabase();
    const { runtime, owner, secrets } = await urls(of(), database, ca);
    const outcomes = [
      await migrate({ DATABASE_OWNER_URL: owner, DATABASE_URL: runtime }),
      await runGateway({ config: CONFIG, environment: { DATABASE_URL: runtime } }),
    ];
    for (const { code, output } of outcomes) {
      expect(code).toBe(1);
      expect(output).toContain(expected);
      for (const secret of secrets) expect(output).not.toContain(secret);
    }
  });

  test.each([
    ['without TLS', '', 'add ?sslmode=verify-full at its end'],
    ['with TLS that proves nothing', '?sslmode=require', 'write sslmode=verify-full in its place'],
  ])(
    'a URL that leaves the machine %s is refused before anything is sent',
    async (_title, query, expected) => {
      const url = `postgresql://litellm:${OWNER_PASSWORD}@db.example.com/gateway${query}`;
      const outcomes = [
        await migrate({ DATABASE_OWNER_URL: url }),
        await runGateway({ config: CONFIG, environment: { DATABASE_URL: url } }, ['--check']),
      ];
      for (const { code, output } of outcomes) {
        expect(code).toBe(1);
        expect(output).toContain(expected);
        expect(output).not.toContain(OWNER_PASSWORD);
      }
    },
  );
});
