import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatewayBundle, openPool, requireSchema } from '../../gateway/index.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

let server: PostgresServer;
let directory: string;

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  directory = await mkdtemp(join(tmpdir(), 'migrate-'));
});
afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(program: string, args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, ...args], { env });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as Outcome;
  }
}

const migrate = (args: string[], env?: Record<string, string>) => run(gatewayBundle.migrate, args, env);

test('without a command the schema is brought up to date, and a second run changes nothing', async () => {
  const { ownerUrl, runtimeUrl } = await server.createDatabase({ migrated: false });
  const env = { DATABASE_OWNER_URL: ownerUrl };
  const first = await migrate([], env);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toContain('0001-keys.sql');
  expect((await migrate(['migrate'], env)).stdout).toBe(
    'schema is up to date; applied: none; new partitions: 0\n',
  );
  expect((await migrate(['partitions'], env)).stdout).toBe('new partitions: none\n');
  const pool = openPool(runtimeUrl, { max: 1 });
  await expect(requireSchema(pool)).resolves.toBeUndefined();
  await pool.end();
});

test('the bundle carries its migrations along', async () => {
  const outfile = join(directory, 'migrate.mjs');
  await build({
    entryPoints: [gatewayBundle.migrate],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
    external: ['pg-native'],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  const { ownerUrl } = await server.createDatabase({ migrated: false });
  const outcome = await run(outfile, [], { DATABASE_OWNER_URL: ownerUrl });
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  expect(outcome.stdout).toContain('0004-sign-in.sql');
});

test('help is given on request', async () => {
  const { code, stdout } = await migrate(['--help']);
  expect(code).toBe(0);
  expect(stdout).toContain('DATABASE_OWNER_URL');
});

test.each(['rollback', 'toString'])('the unknown command %s is a wrong call', async (command) => {
  const { code, stderr } = await migrate([command]);
  expect(code).toBe(64);
  expect(stderr).toContain(`'${command}' is not a command`);
});

test('a missing connection is named', async () => {
  const { code, stderr } = await migrate([]);
  expect(code).toBe(1);
  expect(stderr).toContain('DATABASE_OWNER_URL is not set');
});

test('a database that is away fails without a stack trace or a password', async () => {
  const url = 'postgresql://litellm-owner:top-secret@127.0.0.1:1/litellm';
  const { code, stderr } = await migrate([], { DATABASE_OWNER_URL: url });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^migrate: .+/);
  expect(stderr).not.toMatch(/top-secret|\n {4}at /);
});

test('a runtime role that does not exist is named', async () => {
  const { ownerUrl } = await server.createDatabase({ migrated: false });
  const { code, stderr } = await migrate([], { DATABASE_OWNER_URL: ownerUrl, RUNTIME_ROLE: 'nobody-here' });
  expect(code).toBe(1);
  expect(stderr).toContain("there is no role 'nobody-here'");
});

test('what PostgreSQL quotes of a row stays out of the journal, what it names of the schema does not', async () => {
  const { ownerUrl } = await server.createDatabase({ migrated: false });
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  await client.query(`
    CREATE TABLE schema_migrations (number integer PRIMARY KEY, name text, hash text, applied_at timestamptz);
    CREATE FUNCTION quoting() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.number := 'sk-from-a-row'; RETURN NEW; END $$;
    CREATE TRIGGER quoting BEFORE INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION quoting();
  `);
  const quoted = await migrate([], { DATABASE_OWNER_URL: ownerUrl });
  expect(quoted.code).toBe(1);
  expect(quoted.stderr).toMatch(
    /^migrate: PostgreSQL refused a statement with SQLSTATE 22P02 \(.*\); the server/,
  );
  expect(quoted.stderr).not.toContain('sk-from-a-row');
  await client.query(`
    DROP TRIGGER quoting ON schema_migrations;
    ALTER TABLE schema_migrations ADD CONSTRAINT unnamed CHECK (name = '');
  `);
  await client.end();
  const named = await migrate([], { DATABASE_OWNER_URL: ownerUrl });
  expect(named.stderr).toContain('SQLSTATE 23514 (');
  expect(named.stderr).toContain('table schema_migrations, constraint unnamed');
  expect(named.stderr).not.toContain('0001-keys.sql');
});
