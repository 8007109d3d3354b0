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

/** Where testssl.sh is content, and where it only tells. */
const HARMLESS = ['OK', 'INFO', 'LOW'];

/** What else it says, by its id, and why that is not the edge's doing. A check that did not run would be here as well. */
const caused: Readonly<Record<string, string>> = {
  engine_problem: "this machine's OpenSSL has no GOST engine; nothing of GOST is offered or asked for",
  cert_extlifeSpan: 'Pebble issues for five years, public authorities for 90 days and less',
  cert_revocation: 'Pebble runs neither a revocation list nor an OCSP responder',
  sessionresumption_ticket: 'its client may leave before the session comes that it then wants to resume',
};

test('the grade is A or better', () => {
  expect(finding('overall_grade')).toMatch(/^A\+?$/);
});

test('nothing of medium severity or above is found but what the test authority causes', () => {
  const grave = findings.filter(({ severity }) => !HARMLESS.includes(severity));
  expect(grave.filter(({ id }) => !Object.hasOwn(caused, id))).toEqual([]);
});

test.each([
  ['cert_chain_of_trust', /^passed/],
  ['TLS1_2', /offered/],
  ['TLS1_3', /offered/],
  ['ALPN_HTTP2', /h2/],
  ['cipherlist_OBSOLETED', /^not offered/],
  ['FS', /offered/],
  ['HSTS_time', /365 days/],
  ['X-Frame-Options', /DENY/],
  ['heartbleed', /^not vulnerable/],
  ['ROBOT', /^not vulnerable/],
  ['secure_client_renego', /^not vulnerable/],
  ['BREACH', /^not vulnerable/],
  ['LUCKY13', /^not vulnerable/],
  ['scanTime', /^\d+$/],
])('the check %s has run, and says %s', (id, said) => {
  expect(finding(id)).toMatch(said);
});
