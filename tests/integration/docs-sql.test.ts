/** Statements that the docs print for a server of the operator's own, on one. */
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { prepareDatabase } from '../../gateway/index.ts';
import { printed } from '../docs/printed.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

const PASSWORD = 'of-the-test';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ major: 17 });
});
afterAll(() => server.stop());

async function asked(url: string, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const answers = [];
    for (const statement of statements) answers.push((await client.query(statement)).rows);
    return answers.at(-1) ?? [];
  } finally {
    await client.end();
  }
}

/** How a role signs in over the network. */
function urlOf(role: string): string {
  return `postgresql://${role}:${PASSWORD}@127.0.0.1:${server.port}/litellm`;
}

test('an owner and a role that may only sign in: what the machine needs of another server', async () => {
  // The harness has made a role of that name, as first boot does on the machine.
  const superuser = server.superuserUrl();
  await asked(superuser, 'DROP ROLE litellm');
  const statements = [
    printed('docs/operator/database.md', "CREATE ROLE litellm_owner LOGIN PASSWORD '...'"),
    printed('docs/operator/database.md', "CREATE ROLE litellm LOGIN PASSWORD '...'"),
    printed('docs/operator/database.md', 'CREATE DATABASE litellm OWNER litellm_owner'),
  ];
  await asked(superuser, ...statements.map((statement) => statement.replace('...', PASSWORD)));

  await prepareDatabase(urlOf('litellm_owner'), { runtimeRole: 'litellm' });
  expect(await asked(urlOf('litellm'), 'SELECT count(*)::int FROM "LiteLLM_SpendLogs"')).toEqual([
    { count: 0 },
  ]);
  await expect(asked(urlOf('litellm'), 'DROP TABLE "LiteLLM_SpendLogs"')).rejects.toThrow(/must be owner/);
});
