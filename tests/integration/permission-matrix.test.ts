/** tests/permissions/matrix.txt, cell by cell, against the gateway over a real database. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { absentRoutes, type RouteDeclaration, routes } from '../../gateway/index.ts';
import { type AdminGateway, startAdminGateway } from '../harness/admin-gateway.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';
import { type Cell, cells } from '../permissions/matrix.ts';
import { requests } from '../permissions/requests.ts';
import { type Caller, openTeams, Seeds } from '../permissions/seeds.ts';

let server: PostgresServer;
let gateway: AdminGateway;
let seeds: Seeds;
let callers: ReadonlyMap<string, Caller>;
let address: string;

beforeAll(async () => {
  server = await startPostgres({ major: 17 });
  const userDefaults = { available_teams: Object.values(openTeams) };
  gateway = await startAdminGateway(await server.createDatabase(), { userDefaults });
  seeds = new Seeds(gateway.db);
  callers = await seeds.plant(gateway.masterKey);
  // Calls of models pass Fastify by, and so need the server itself.
  address = await gateway.app.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(async () => {
  await gateway?.close();
  await server?.stop();
});

const declared = Object.values<RouteDeclaration>({ ...routes, ...absentRoutes }).map(
  ({ method, url }) => `${method} ${url}`,
);

test('the matrix has every route of the gateway, and no other', () => {
  expect([...new Set(cells.map(({ route }) => route))].sort()).toEqual([...declared].sort());
});

test('every caller asks for every object of a route at most once', () => {
  const names = cells.map(({ route, object, caller }) => `${route} ${object} ${caller}`);
  expect(new Set(names).size).toBe(names.length);
});

async function statusOf({ route, object, caller: name }: Cell): Promise<number> {
  const caller = callers.get(name) as Caller;
  const build = requests[route];
  if (build === undefined) throw new Error(`nothing says what ${route} is asked`);
  const { query = {}, body, path, form = false } = await build({ seeds, caller, object });
  const [method = '', url = ''] = route.split(' ');
  const filled = path === undefined ? url : url.replace(/:\w+|\*/, path);
  // What the database says counts, not what a cell before has cached.
  gateway.forget();
  const answer = await fetch(`${address}${filled}?${new URLSearchParams(query)}`, {
    method,
    redirect: 'manual',
    headers: {
      'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json',
      ...(caller.key !== null && { authorization: `Bearer ${caller.key}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  await answer.text();
  return answer.status;
}

const byRoute = [...Map.groupBy(cells, ({ route, object }) => `${route} of ${object}`)];

test.each(byRoute)('%s', async (_title, row) => {
  const answered: Record<string, number> = {};
  for (const cell of row) answered[cell.caller] = await statusOf(cell);
  expect(answered).toEqual(Object.fromEntries(row.map(({ caller, status }) => [caller, status])));
});

test('the number of cells is told', () => {
  process.stdout.write(`permission matrix: ${cells.length} cells over ${declared.length} routes\n`);
  expect(cells.length).toBeGreaterThan(declared.length);
});
