/** What testssl.sh says of the edge with a certificate from an authority that it trusts. */
import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { deployment } from '../harness/chat.ts';
import { startBehind } from '../harness/edge-gateway.ts';
import { addresses } from '../harness/network.ts';
import { Edge } from '../harness/nginx.ts';
import { Pebble } from '../harness/pebble.ts';
import { type PostgresServer, startPostgres } from '../harness/postgres.ts';
import { type Finding, runTestssl } from '../harness/testssl.ts';

const NAME = 'gw.example.test';
const MINUTE = 60_000;

let postgres: PostgresServer;
let edge: Edge;
let findings: readonly Finding[];

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
  edge = await Edge.create();
  await startBehind(edge, {
    database: await postgres.createDatabase(),
    config: stringify({ model_list: [deployment('one', 'http://127.0.0.1:9000/v1')] }),
    environment: { TEST_PROVIDER_KEY: 'sk-provider' },
  });
  const hosts = [addresses.router.ipv4, addresses.router.ipv6].map((address) => `${address} ${NAME}\n`);
  appendFileSync(edge.sandbox.path('/etc/hosts'), hosts.join(''));
  const pebble = await Pebble.start(edge.sandbox);
  const certbot = ['certbot', '--nginx', '-d', NAME, '--non-interactive', '--agree-tos'];
  const account = ['--email', 'ops@example.test', '--server', pebble.directoryUrl];
  const env = { REQUESTS_CA_BUNDLE: pebble.listenerAuthority };
  await edge.taken(() => edge.sandbox.run([...certbot, ...account], { env }));
  findings = await runTestssl(edge, NAME, await pebble.root());
}, 10 * MINUTE);

afterAll(async () => {
  await edge?.[Symbol.asyncDispose]();
  await postgres?.stop();
});

const finding = (id: string): string | undefined => findings.find((each) => each.id === id)?.finding;

test('print', () => {
  console.log(findings.map((f) => `${f.severity} ${f.id} ${f.finding}`).join('\n'));
  expect(finding('overall_grade')).toMatch(/^A\+?$/);
});
