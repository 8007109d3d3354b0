/** tests/conformance/table.ts through the real nginx: the same answers behind this door. */
import { afterAll, beforeAll, test } from 'vitest';
import { Asker } from '../conformance/ask.ts';
import { envelope, privateNames, type Row, routeOf } from '../conformance/row.ts';
import { table } from '../conformance/table.ts';
import { configFor } from '../conformance/world.ts';
import { ask } from '../harness/edge-client.ts';
import { startBehind } from '../harness/edge-gateway.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { Edge } from '../harness/nginx.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';

let postgres: PostgresServer;
let edge: Edge;
let provider: FakeProvider;

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
  edge = await Edge.create();
  provider = await startFakeProvider({ handle: await edge.sandbox.listen('127.0.0.1', 9000) });
  await startBehind(edge, {
    database: await postgres.createDatabase(),
    config: configFor('http://127.0.0.1:9000/v1'),
    environment: { TEST_PROVIDER_KEY: provider.apiKey },
  });
});
afterAll(async () => {
  await provider?.close();
  await edge?.[Symbol.asyncDispose]();
  await postgres?.stop();
});

const asker = new Asker(({ method, path, headers, body }) =>
  ask(edge, path, { method, headers, ...(body !== undefined && { body }) }),
);

/** The client is outside: what is for this machine and its network alone is not for it. */
const fromOutside = (row: Row): Row =>
  privateNames.includes(routeOf(row) ?? '')
    ? { ...row, status: 403, answer: envelope(403, 'auth_error', null) }
    : row;

test.each(table.map((row) => [`§${row.section} ${row.line}: ${row.title}`, row] as const))(
  '%s',
  (_title, row) => asker.ask(fromOutside(row)),
);
