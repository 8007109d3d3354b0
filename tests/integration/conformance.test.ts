/** tests/conformance/table.ts against the gateway over a real database. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Asker } from '../conformance/ask.ts';
import { routeNames, routeOf } from '../conformance/row.ts';
import { table } from '../conformance/table.ts';
import { configFor } from '../conformance/world.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, startGateway } from '../harness/gateway-process.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

let postgres: PostgresServer;
let provider: FakeProvider;
let gateway: GatewayProcess;

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
  provider = await startFakeProvider();
  gateway = await startGateway({
    database: await postgres.createDatabase(),
    config: configFor(provider.url),
    environment: { TEST_PROVIDER_KEY: provider.apiKey },
  });
});
afterAll(async () => {
  await gateway?.stop();
  await provider?.close();
  await postgres?.stop();
});

const asker = new Asker(async ({ method, path, headers, body }) => {
  const answer = await fetch(`${gateway.url}${path}`, {
    method,
    headers,
    redirect: 'manual',
    ...(body !== undefined && { body }),
  });
  return { status: answer.status, text: await answer.text() };
});

test('the table has every route of the gateway, and speaks of no other but by name', () => {
  const asked = new Set(table.map(routeOf));
  expect(routeNames.filter((name) => !asked.has(name))).toEqual([]);
});

test.each(table.map((row) => [`§${row.section} ${row.line}: ${row.title}`, row] as const))(
  '%s',
  (_title, row) => asker.ask(row),
);

test('the number of rows is told', () => {
  process.stdout.write(`conformance: ${table.length} rows over ${routeNames.length} routes\n`);
  expect(table.length).toBeGreaterThan(routeNames.length);
});
