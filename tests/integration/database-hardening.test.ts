/** The machine's own cluster as first boot sets it up, on the servers of both bases: rights, limits, and a mute log. */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineFacts, mustRun, readFacts, runProgram } from '../../appliance/index.ts';
import { CLUSTER_SETTINGS, rolesAndDatabase, scramVerifier } from '../../firstboot/index.ts';
import { openPool, prepareDatabase } from '../../gateway/index.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

const facts = machineFacts(readFacts(), 'debian-13', 'qemu', 'test');
const { service, owner } = facts.users;
const PASSWORD = 'password-of-this-test';
const canary = (): string => `canary-${randomBytes(6).toString('hex')}`;

/** The first table of each session takes longer than the roles of a test are allowed. */
const SLOW_FIRST_TABLE = `
  CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    IF current_setting('test.slept', true) IS NULL THEN
      PERFORM set_config('test.slept', 'yes', false), pg_sleep(0.5);
    END IF;
  END $$;
  CREATE EVENT TRIGGER slow ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION slow()`;

describe.each([16, 17] as const)('on PostgreSQL %i', (major) => {
  let server: PostgresServer;
  let ownerUrl: string;
  let runtimeUrl: string;

  beforeAll(async () => {
    server = await startPostgres({ major, configuration: CLUSTER_SETTINGS });
    const verifier = scramVerifier(PASSWORD, randomBytes(16).toString('base64'));
    const { pathname, searchParams } = new URL(server.superuserUrl());
    const connection = ['-h', searchParams.get('host') ?? '', '-p', String(server.port), '-U', 'postgres'];
    const strict = ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', pathname.slice(1), '-f', '-'];
    await mustRun(runProgram, 'psql', [...connection, ...strict], {
      input: rolesAndDatabase(facts, verifier),
    });
    ownerUrl = server.superuserUrl(facts.database).replace('user=postgres', `user=${owner}`);
    runtimeUrl = `postgresql://${service}:${PASSWORD}@127.0.0.1:${server.port}/${facts.database}`;
    await prepareDatabase(ownerUrl, { runtimeRole: service });
  });
  afterAll(() => server.stop());

  async function as<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  const sqlstate = (url: string, text: string): Promise<string> =>
    as(url, (client) => client.query(text)).then(
      () => 'done',
      ({ code }) => code,
    );

  test('the server knows every setting, and has it in force', async () => {
    const names = [...CLUSTER_SETTINGS.matchAll(/^(\w+) = /gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(10);
    const { rows } = await as(server.superuserUrl(), (client) =>
      client.query('SELECT name FROM pg_file_settings WHERE error IS NULL AND name = ANY($1)', [names]),
    );
    expect(rows.map(({ name }) => name).sort()).toEqual([...names].sort());
  });

  test.each([
    ['make a table', 'CREATE TABLE mine (id int)'],
    ['make a table from another', 'CREATE TABLE mine AS SELECT 1 AS id'],
    ['make a temporary table', 'CREATE TEMP TABLE mine (id int)'],
    ['make a schema', 'CREATE SCHEMA mine'],
    ['make a type', "CREATE TYPE mine AS ENUM ('one')"],
    ['make a function', "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'"],
    ['make a view', 'CREATE VIEW mine AS SELECT 1 AS id'],
    ['make an index', 'CREATE INDEX mine ON "LiteLLM_UserTable" (user_id)'],
    [
      'make a trigger',
      'CREATE TRIGGER mine BEFORE INSERT ON "LiteLLM_UserTable" EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    ],
    ['change a table', 'ALTER TABLE "LiteLLM_UserTable" ADD COLUMN mine text'],
    ['own a table', `ALTER TABLE "LiteLLM_UserTable" OWNER TO ${service}`],
    ['drop a table', 'DROP TABLE "LiteLLM_UserTable"'],
    ['empty a table', 'TRUNCATE "LiteLLM_UserTable"'],
    ['hand rights on', 'ALTER DEFAULT PRIVILEGES FOR ROLE "litellm-owner" GRANT ALL ON TABLES TO PUBLIC'],
    ['make a role', 'CREATE ROLE mine'],
    ['become the owner', 'SET ROLE "litellm-owner"'],
    ['make a database', 'CREATE DATABASE mine'],
    ['change the server', "ALTER SYSTEM SET log_statement = 'all'"],
    ['have statements logged', "SET log_statement = 'all'"],
    ['run a program', "COPY (SELECT 1) TO PROGRAM 'true'"],
    ['read a file', "SELECT pg_read_file('postgresql.conf')"],
  ])("the gateway's role cannot %s", async (_title, text) => {
    expect(await sqlstate(runtimeUrl, text)).toBe('42501');
  });

  test('nor add an extension', async () => {
    const { rows } = await as(server.superuserUrl(), (client) =>
      client.query(
        'SELECT name FROM pg_available_extensions WHERE installed_version IS NULL ORDER BY name LIMIT 1',
      ),
    );
    const [extension] = rows;
    expect(extension, 'this server offers no extension to try').toBeDefined();
    expect(await sqlstate(runtimeUrl, `CREATE EXTENSION "${extension.name}"`)).toBe('42501');
  });

  test('but it can do what serving needs', async () => {
    expect(await sqlstate(runtimeUrl, 'SELECT count(*) FROM "LiteLLM_VerificationToken"')).toBe('done');
  });

  test('its statements, waits and idle transactions have limits, also without the gateway', async () => {
    const limits = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];
    const shown = limits.map((name) => `current_setting('${name}') AS ${name}`).join(', ');
    const ask = { text: `SELECT ${shown}`, rowMode: 'array' };
    const seen = await as(runtimeUrl, async (client) => (await client.query(ask)).rows[0]);
    expect(seen).toEqual(['30s', '10s', '1min']);
    const pool = openPool(runtimeUrl, { max: 1 });
    const inPool = (await pool.query(ask)).rows[0];
    await pool.end();
    expect(inPool).toEqual(['15s', '10s', '1min']);
  });

  test('who waits for a lock is told so in time, and the holder goes on', async () => {
    await as(ownerUrl, async (holder) => {
      await holder.query('BEGIN; LOCK TABLE "LiteLLM_UserTable" IN ACCESS EXCLUSIVE MODE');
      const waits = 'SET lock_timeout = \'200ms\'; SELECT * FROM "LiteLLM_UserTable"';
      expect(await sqlstate(runtimeUrl, waits)).toBe('55P03');
      expect((await holder.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
      await holder.query('ROLLBACK');
    });
  });

  test('migrations keep limits of their own, whatever the role has', async () => {
    const set = (what: string): string =>
      `ALTER ROLE "${owner}" ${what} statement_timeout; ALTER ROLE "${owner}" ${what} lock_timeout`;
    const short = set('SET').replaceAll(/timeout\b/g, "timeout = '200ms'");
    await as(server.superuserUrl(), (client) => client.query(short));
    await as(server.superuserUrl(), (client) => client.query('CREATE DATABASE later OWNER "litellm-owner"'));
    await as(server.superuserUrl('later'), (client) => client.query(SLOW_FIRST_TABLE));
    const later = ownerUrl.replace(`/${facts.database}?`, '/later?');
    expect(await sqlstate(later, 'SELECT pg_sleep(1)')).toBe('57014');
    expect((await prepareDatabase(later, { runtimeRole: service })).migrations.length).toBeGreaterThan(0);
    await as(server.superuserUrl(), (client) => client.query(set('RESET')));
  });

  test('only the loopback address and the socket are open, and passwords are kept as SCRAM', async () => {
    const { rows } = await as(server.superuserUrl(), (client) =>
      client.query(
        `SELECT current_setting('password_encryption') AS kept, rolpassword LIKE 'SCRAM-SHA-256$%' AS scram,
          current_setting('listen_addresses') AS listens FROM pg_authid WHERE rolname = $1`,
        [service],
      ),
    );
    expect(rows).toEqual([{ kept: 'scram-sha-256', scram: true, listens: '127.0.0.1' }]);
  });

  describe('the log', () => {
    /** What the server logs while `work` runs. */
    async function loggedDuring(work: () => Promise<unknown>): Promise<string> {
      const from = server.log().length;
      await work();
      // Something that is always logged: once it is there, what came before is there too.
      await sqlstate(runtimeUrl.replace(service, 'nobody-at-all'), 'SELECT 1');
      await expect.poll(() => server.log().slice(from)).toContain('nobody-at-all');
      return server.log().slice(from);
    }

    const superuser = (): string => server.superuserUrl(facts.database);
    const unique = `CREATE TEMP TABLE t (a text UNIQUE, b text NOT NULL CHECK (b <> 'no'))`;

    test.each<[string, (word: string) => Promise<unknown>]>([
      ['a statement that cannot be read', (word) => sqlstate(runtimeUrl, `SELEKT '${word}'`)],
      ['a word where none belongs', (word) => sqlstate(runtimeUrl, `SELECT 1 FROM a "${word}" b`)],
      ['a value of the wrong kind', (word) => sqlstate(runtimeUrl, `SELECT '${word}'::int`)],
      ['a table that there is not', (word) => sqlstate(runtimeUrl, `SELECT '${word}' FROM "${word}"`)],
      [
        'a parameter of the wrong kind',
        (word) => as(runtimeUrl, (client) => client.query('SELECT $1::int', [word])).catch(() => undefined),
      ],
      [
        'a key that is there twice',
        (word) => sqlstate(superuser(), `${unique}; INSERT INTO t VALUES ('${word}', 'x'), ('${word}', 'y')`),
      ],
      [
        'a row that is not complete',
        (word) => sqlstate(superuser(), `${unique}; INSERT INTO t VALUES ('${word}', NULL)`),
      ],
      [
        'a function that fails',
        (word) => sqlstate(superuser(), `DO $$ BEGIN RAISE EXCEPTION 'no %', '${word}'; END $$`),
      ],
      ['a warning', (word) => sqlstate(superuser(), `DO $$ BEGIN RAISE WARNING 'no %', '${word}'; END $$`)],
      [
        'a password that is set',
        (word) => sqlstate(superuser(), `CREATE ROLE r LOGIN PASSWORD '${word}'; DROP ROLE r`),
      ],
      ['a password that is wrong', (word) => sqlstate(runtimeUrl.replace(PASSWORD, word), 'SELECT 1')],
      [
        'a statement that takes too long',
        (word) => sqlstate(runtimeUrl, `SET statement_timeout = '50ms'; SELECT pg_sleep(5), '${word}'`),
      ],
      [
        'a wait for a lock',
        (word) =>
          as(superuser(), async (holder) => {
            await holder.query('BEGIN; LOCK TABLE "LiteLLM_UserTable" IN ACCESS EXCLUSIVE MODE');
            await sqlstate(
              runtimeUrl,
              `SET lock_timeout = '1500ms'; SELECT '${word}' FROM "LiteLLM_UserTable"`,
            );
          }),
      ],
    ])('keeps quiet about %s', async (_title, work) => {
      const word = canary();
      expect(await loggedDuring(() => work(word))).not.toContain(word);
    });

    test('keeps quiet about what a server process did when it was killed', async () => {
      const word = canary();
      const from = server.log().length;
      await as(runtimeUrl, async (client) => {
        const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
        const running = client.query(`SELECT pg_sleep(60), '${word}'`).catch(() => undefined);
        await expect
          .poll(() =>
            as(superuser(), (other) =>
              other.query('SELECT query FROM pg_stat_activity WHERE pid = $1', [rows[0].pid]),
            ).then((seen) => String(seen.rows[0]?.query)),
          )
          .toContain(word);
        process.kill(rows[0].pid, 'SIGKILL');
        await running;
      }).catch(() => undefined);
      await expect
        .poll(() => server.log().slice(from), { timeout: 20_000 })
        .toContain('ready to accept connections');
      expect(server.log().slice(from)).toContain('was terminated by signal 9');
      expect(server.log()).not.toContain(word);
    });

    test('would have told all of it with other settings', async () => {
      const word = canary();
      const log = await loggedDuring(() =>
        sqlstate(superuser(), `SET log_min_messages = 'error'; SELECT '${word}'::int`),
      );
      expect(log).toContain(word);
    });
  });
});
