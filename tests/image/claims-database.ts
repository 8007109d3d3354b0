import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Appliance } from './appliance.ts';
import { facts } from './appliance.ts';
import { placesHolding } from './secret-search.ts';
import type { World } from './world.ts';

/** What psql answers, or complains of, when the gateway's role asks; the password is on no command line. */
async function asGateway({ machine, credentials }: Appliance, sql: string): Promise<string> {
  const { users, database, ports } = facts;
  const connection = `-h 127.0.0.1 -p ${ports.postgresql} -U ${users.service} -d ${database}`;
  const script = `export PGPASSWORD=${credentials.databasePassword}\npsql -XAtq ${connection} 2>&1 <<'SQL'\n${sql}\nSQL\n`;
  return (await machine.run('bash -s', script)).stdout.trim();
}

export function databaseClaims(world: () => World): void {
  test('PostgreSQL listens on the loopback address alone', async () => {
    const { machine } = world().azure;
    const listening = await machine.succeed(`ss -Hltn 'sport = :${facts.ports.postgresql}'`);
    expect(listening.trim().split(/\s+/)[3]).toBe(`127.0.0.1:${facts.ports.postgresql}`);
    expect(listening.trim().split('\n')).toHaveLength(1);
  });

  test('the only password is kept as SCRAM, and no rule lets anybody in without one or being who he is', async () => {
    const { azure } = world();
    const kept = 'select rolname from pg_authid where rolpassword is not null';
    expect(await azure.query(kept, 'postgres')).toBe(facts.users.service);
    const scram =
      "select bool_and(rolpassword like 'SCRAM-SHA-256$%') from pg_authid where rolpassword is not null";
    expect(await azure.query(scram, 'postgres')).toBe('t');
    const methods =
      'select string_agg(distinct auth_method, $$,$$ order by auth_method) from pg_hba_file_rules';
    expect(await azure.query(methods, 'postgres')).toBe('peer,scram-sha-256');
  });

  test.each([
    ['make a table', 'CREATE TABLE mine (id int)'],
    ['make a temporary table', 'CREATE TEMP TABLE mine (id int)'],
    ['change a table', 'ALTER TABLE "LiteLLM_UserTable" ADD COLUMN mine text'],
    ['empty a table', 'TRUNCATE "LiteLLM_SpendLogs"'],
    ['make a schema', 'CREATE SCHEMA mine'],
    ['become the owner', `SET ROLE "${facts.users.owner}"`],
  ])("the gateway's role cannot %s", async (_title, sql) => {
    expect(await asGateway(world().azure, sql)).toMatch(/permission denied|must be owner/);
  });

  test('its statements, waits and idle transactions have limits', async () => {
    const limits = 'SHOW statement_timeout; SHOW lock_timeout; SHOW idle_in_transaction_session_timeout;';
    expect((await asGateway(world().azure, limits)).split('\n')).toEqual(['30s', '10s', '1min']);
  });

  test('a statement that fails leaves nothing of its values in a log', async () => {
    const { azure } = world();
    const word = randomUUID();
    const statements = `SELECT '${word}'::int; SELEKT '${word}'; SELECT * FROM "${word}";`;
    expect(await asGateway(azure, statements)).toContain(word);
    expect(await placesHolding(azure.machine, [word], ['PostgreSQL log', 'journal'])).toEqual([]);
  });

  test('a database server elsewhere that cannot be verified is refused, and nothing is changed', async () => {
    const { machine } = world().azure;
    const { databaseEnv } = facts.paths;
    const secret = randomUUID();
    const url = `postgresql://app:${secret}@db.example.com/gateway`;
    await machine.succeed(`cat > ${databaseEnv}`, `DATABASE_URL=${url}\n`);
    const { code, stdout, stderr } = await machine.run(`${facts.paths.operator} database apply`);
    await machine.succeed(`rm ${databaseEnv}`);
    expect(code).toBe(1);
    expect(stderr).toContain('add ?sslmode=verify-full at its end');
    expect(stdout + stderr).not.toContain(secret);
    expect(await machine.succeed('systemctl is-active litellm.service postgresql@*-main.service')).toMatch(
      /^active\nactive\n$/,
    );
  });
}
