/** certbot, as an operator calls it, against a certificate authority that validates. */
import { X509Certificate } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { certbotAnswers } from '../harness/dialogue.ts';
import { ask, tlsTo } from '../harness/edge-client.ts';
import { addresses } from '../harness/network.ts';
import { Edge } from '../harness/nginx.ts';
import { Pebble } from '../harness/pebble.ts';
import { Upstream } from '../harness/upstream.ts';

const NAME = 'gw.example.test';
const SECOND_NAME = 'second.example.test';
const ELSEWHERE = 'elsewhere.example.test';
const UNREACHABLE = '198.51.100.99';

let edge: Edge;
let pebble: Pebble;
let upstream: Upstream;

beforeAll(async () => {
  edge = await Edge.create();
  const hosts = [NAME, SECOND_NAME].flatMap((name) =>
    [addresses.router.ipv4, addresses.router.ipv6].map((address) => `${address} ${name}\n`),
  );
  hosts.push(`${UNREACHABLE} ${ELSEWHERE}\n`);
  appendFileSync(edge.sandbox.path('/etc/hosts'), hosts.join(''));
  await edge.sandbox.run(['ip', 'route', 'add', 'unreachable', UNREACHABLE]);
  pebble = await Pebble.start(edge.sandbox);
  await pebble.becomeTheDefault();
  upstream = await Upstream.start(edge, (_request, response) => response.end('from the gateway'));
});

afterAll(async () => {
  await upstream[Symbol.asyncDispose]();
  await edge[Symbol.asyncDispose]();
});

const common = ['--non-interactive', '--agree-tos', '--email', 'ops@example.test'];

async function certbot(...args: string[]): Promise<string> {
  return edge.taken(() => edge.sandbox.run(['certbot', ...args, ...common]));
}

/** The certificate that nginx shows to who asks for `name`, or comes by address. */
async function served(name?: string): Promise<X509Certificate> {
  const tls = await tlsTo(edge, name === undefined ? {} : { name });
  const certificate = tls.getPeerX509Certificate();
  tls.destroy();
  if (certificate === undefined) throw new Error('nginx showed no certificate');
  return certificate;
}

/** What `name` gets on a connection that trusts Pebble's root alone, as a browser that trusts a public authority. */
async function trusted(name: string): Promise<boolean> {
  const tls = await tlsTo(edge, { name, ca: await pebble.root(), rejectUnauthorized: true });
  const { authorized } = tls;
  tls.destroy();
  return authorized;
}

const hsts = async (name?: string): Promise<string | undefined> =>
  (await ask(edge, '/v1/models', name === undefined ? {} : { name })).headers['strict-transport-security'];

test('before certbot every name gets the self-signed certificate, and no HSTS', async () => {
  expect((await served(NAME)).subject).toBe('CN=first-boot');
  expect(await hsts(NAME)).toBeUndefined();
  await expect(trusted(NAME)).rejects.toThrow(/self-signed/);
});

test("the listing's command, its questions answered, issues, installs and leaves the configuration valid", async () => {
  // docs: docs/operator/launch.md sudo certbot --nginx -d gateway.example.com
  // docs: docs/operator/certificate.md sudo certbot --nginx -d gateway.example.com
  const said = await edge.taken(() =>
    edge.sandbox.atTerminal(`sudo certbot --nginx -d ${NAME}`, certbotAnswers),
  );
  expect(said).toContain(`Congratulations! You have successfully enabled HTTPS on https://${NAME}`);
  expect(await edge.sandbox.run(['nginx', '-t'])).not.toMatch(/warn|emerg/);
  const certificate = await served(NAME);
  expect(certificate.subjectAltName).toBe(`DNS:${NAME}`);
  const file = edge.read(`/etc/letsencrypt/live/${NAME}/cert.pem`);
  expect(certificate.serialNumber).toBe(new X509Certificate(file).serialNumber);
  expect(await trusted(NAME)).toBe(true);
});

test('the name is served by the gateway, with the same headers and now HSTS', async () => {
  const answer = await ask(edge, '/v1/models', { name: NAME });
  expect(answer).toMatchObject({ status: 200, text: 'from the gateway' });
  expect(answer.headers).toMatchObject({
    'strict-transport-security': expect.stringContaining('max-age='),
    'x-frame-options': 'DENY',
  });
  expect((await ask(edge, '/nothing', { name: NAME })).status).toBe(404);
});

test('plain HTTP of the name leads to HTTPS and carries no HSTS', async () => {
  const answer = await ask(edge, '/ui', { name: NAME, plain: true });
  expect(answer.status).toBe(301);
  expect(answer.headers.location).toBe(`https://${NAME}/ui`);
  expect(answer.headers['strict-transport-security']).toBeUndefined();
});

test('who comes by address still gets the certificate of first boot, without HSTS', async () => {
  expect((await served()).subject).toBe('CN=first-boot');
  expect(await hsts()).toBeUndefined();
});

test('a forced renewal is served without further help', async () => {
  const before = await served(NAME);
  await certbot('renew', '--force-renewal', '--no-random-sleep-on-renew');
  const after = await served(NAME);
  expect(after.serialNumber).not.toBe(before.serialNumber);
  expect(await trusted(NAME)).toBe(true);
  expect(await hsts(NAME)).toContain('max-age=');
});

test("where the name leads elsewhere the listing's command says so, and all is as it was", async () => {
  const site = edge.read(edge.facts.paths.edgeSite);
  const before = await served(NAME);
  const { exitCode, stdout } = await edge.sandbox.attempt(['certbot', '--nginx', '-d', ELSEWHERE, ...common]);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(
    new RegExp(`(?:Domain|Identifier): +${ELSEWHERE}\n +Type: +connection\n +Detail: .+`),
  );
  expect(edge.read(edge.facts.paths.edgeSite)).toBe(site);
  expect((await served(NAME)).serialNumber).toBe(before.serialNumber);
  expect(await hsts(NAME)).toContain('max-age=');
});

test('a certificate for a second name leaves the first one alone', async () => {
  const first = await served(NAME);
  await certbot('--nginx', '-d', SECOND_NAME);
  expect((await served(SECOND_NAME)).subjectAltName).toBe(`DNS:${SECOND_NAME}`);
  expect((await served(NAME)).serialNumber).toBe(first.serialNumber);
  expect(await hsts(SECOND_NAME)).toContain('max-age=');
});

test('certbot run again for the same name keeps it served', async () => {
  await certbot('--nginx', '-d', NAME, '--force-renewal');
  expect(await trusted(NAME)).toBe(true);
  expect((await ask(edge, '/v1/models', { name: NAME })).status).toBe(200);
});

test('a webroot challenge passes beside the redirect', async () => {
  const webroot = ['--webroot', '-w', '/var/www/litellm-acme', '--cert-name', 'by-webroot'];
  await edge.sandbox.run(['certbot', 'certonly', ...webroot, '-d', NAME, ...common]);
  expect(new X509Certificate(edge.read('/etc/letsencrypt/live/by-webroot/cert.pem')).subjectAltName).toBe(
    `DNS:${NAME}`,
  );
});
