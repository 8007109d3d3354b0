/** `litellm-ctl certificate` with the real certbot, a certificate authority that validates, and the real nginx. */
import { X509Certificate } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { credentialField } from '../../firstboot/index.ts';
import { renderEdge } from '../../nginx/index.ts';
import { Authority } from '../harness/authority.ts';
import { ask, open, tlsTo } from '../harness/edge-client.ts';
import { EdgeOperator } from '../harness/edge-operator.ts';
import { addresses } from '../harness/network.ts';
import { Edge } from '../harness/nginx.ts';
import { Pebble } from '../harness/pebble.ts';
import type { Attempt } from '../harness/sandbox.ts';
import { Upstream } from '../harness/upstream.ts';

const NAME = 'gw.example.test';
const UNREACHABLE = '198.51.100.99';
const NOBODY = ['nowhere.example.test', 'closed.example.test'] as const;
const COMPANY = 'gw.corp.example';

let edge: Edge;
let operator: EdgeOperator;
let pebble: Pebble;
let upstream: Upstream;
let streams: ServerResponse[];

beforeAll(async () => {
  edge = await Edge.create();
  const { ipv4, ipv6 } = addresses.router;
  const hosts = `${ipv4} ${NAME}\n${ipv6} ${NAME}\n${UNREACHABLE} ${NOBODY[1]}\n`;
  appendFileSync(edge.sandbox.path('/etc/hosts'), hosts);
  await edge.sandbox.run(['ip', 'route', 'add', 'unreachable', UNREACHABLE]);
  pebble = await Pebble.start(edge.sandbox, { intermediates: 2 });
  streams = [];
  upstream = await Upstream.start(edge, (request, response) => {
    if (request.url !== '/v1/chat/completions') return void response.end('from the gateway');
    response.write('data: 1\n\n');
    streams.push(response);
  });
  operator = await EdgeOperator.install(edge);
  edge.write(edge.facts.paths.credentials, `Admin UI:  https://${ipv4}/ui\nMaster key:  sk-1\n`);
});

afterAll(async () => {
  await upstream?.[Symbol.asyncDispose]();
  await edge?.[Symbol.asyncDispose]();
});

const certificate = (...args: string[]): Promise<Attempt> => operator.run(['certificate', ...args]);

/** A change that must succeed; resolves when nginx has taken it over. */
async function changed(...args: string[]): Promise<Attempt> {
  const result = await edge.taken(() => certificate(...args));
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  return result;
}

const fromPebble = (...domains: string[]): string[] => [
  ...domains,
  ...['--server', pebble.directoryUrl, '--authority', pebble.listenerAuthority],
  ...['--no-email', '--agree-tos'],
];

/** The certificate that nginx shows to who asks for `name`, or comes by address. */
async function served(name?: string): Promise<X509Certificate> {
  const tls = await tlsTo(edge, name === undefined ? {} : { name });
  const shown = tls.getPeerX509Certificate();
  tls.destroy();
  if (shown === undefined) throw new Error('nginx showed no certificate');
  return shown;
}

const serial = async (name?: string): Promise<string> => (await served(name)).serialNumber;

/** Whether a client that knows this root alone takes what it is shown, chain and all. */
async function trusted(name: string, ca: string): Promise<boolean> {
  const tls = await tlsTo(edge, { name, ca, rejectUnauthorized: true });
  const { authorized } = tls;
  tls.destroy();
  return authorized;
}

const hsts = async (name?: string): Promise<string | undefined> =>
  (await ask(edge, '/v1/models', name === undefined ? {} : { name })).headers['strict-transport-security'];

/** Where the admin UI is, as the credentials file says, and as the command shows it. */
async function adminUrls(): Promise<(string | undefined)[]> {
  const { stdout } = await operator.run(['credentials']);
  return [edge.read(edge.facts.paths.credentials), stdout].map((told) => credentialField(told, 'adminUrl'));
}

async function statusOf(to: string | null): Promise<Record<string, unknown>> {
  const { stdout } = await certificate('status', '--json');
  const { certificates } = JSON.parse(stdout) as { certificates: Record<string, unknown>[] };
  return certificates.find((each) => each.to === to) ?? {};
}

/** The end of the one line that a refusal says, and what to do about it. */
async function refused(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await certificate(...args);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  return stderr;
}

describe('from an authority', () => {
  let first: string;

  test('one command has the domain served with the whole chain and HSTS, while a stream runs on', async () => {
    expect(await hsts(NAME)).toBeUndefined();
    // docs: docs/operator/certificate.md sudo litellm-ctl certificate gateway.example.com --email ops@example.com --agree-tos
    const stream = await open(edge, '/v1/chat/completions', { method: 'POST', body: '{}' });
    const { stdout } = await changed(...fromPebble(NAME));
    expect(stdout).toMatch(/^gw\.example\.test: certbot\n {2}names +DNS:gw\.example\.test\n/m);

    first = await serial(NAME);
    const file = new X509Certificate(edge.read(`/etc/letsencrypt/live/${NAME}/cert.pem`));
    expect(first).toBe(file.serialNumber);
    expect(await trusted(NAME, await pebble.root())).toBe(true);
    expect(await hsts(NAME)).toContain('max-age=31536000');

    streams[0]?.end('data: [DONE]\n\n');
    expect(await text(stream)).toBe('data: 1\n\ndata: [DONE]\n\n');
  });

  test('who comes by address still gets the certificate of first boot, without HSTS', async () => {
    expect((await served()).subject).toBe('CN=first-boot');
    expect(await hsts()).toBeUndefined();
  });

  test('the admin UI is named by the domain from now on', async () => {
    expect(await adminUrls()).toEqual([`https://${NAME}/ui`, `https://${NAME}/ui`]);
    expect(JSON.parse((await operator.run(['status', '--json'])).stdout)).toMatchObject({
      adminUrl: `https://${NAME}/ui`,
    });
  });

  test('the status tells both apart, and how they are renewed', async () => {
    expect(await statusOf(NAME)).toMatchObject({
      kind: 'certbot',
      state: 'ok',
      names: `DNS:${NAME}`,
      serialNumber: first,
      issuer: expect.stringContaining('Pebble Intermediate'),
      chain: [expect.stringContaining('Pebble Intermediate'), expect.stringContaining('Pebble Intermediate')],
      renewal: expect.stringMatching(/certbot \(webroot\).*certbot\.timer/),
    });
    expect(await statusOf(null)).toMatchObject({ kind: 'self-signed', issuer: 'CN=first-boot' });
  });

  test('run again it asks for nothing and orders nothing', async () => {
    const { exitCode } = await certificate(NAME, '--server', pebble.directoryUrl);
    expect(exitCode).toBe(0);
    expect(await serial(NAME)).toBe(first);
  });

  test('the command of the timer renews it by itself', async () => {
    const renewal = `/etc/letsencrypt/renewal/${NAME}.conf`;
    edge.write(renewal, `renew_before_expiry = 9999 days\n${edge.read(renewal)}`);
    await edge.taken(() => edge.sandbox.run(['certbot', '-q', 'renew', '--no-random-sleep-on-renew']));
    const second = await serial(NAME);
    expect(second).not.toBe(first);
    expect(await trusted(NAME, await pebble.root())).toBe(true);
    expect(await hsts(NAME)).toContain('max-age=');
    first = second;
  });

  test('a change of the access lists keeps it', async () => {
    await operator.access(['limits', '--connections', '900']);
    expect(await serial(NAME)).toBe(first);
  });

  test('a site that an upgrade writes anew gets it back before nginx takes the site over', async () => {
    for (const { path, content } of renderEdge(edge.facts)) edge.write(path, content);
    expect(await serial(NAME)).toBe(first);
    await changed('apply');
    expect(edge.read(edge.facts.paths.edgeSite)).toContain(`/etc/letsencrypt/live/${NAME}/fullchain.pem`);
    expect(await serial(NAME)).toBe(first);
    expect(await hsts(NAME)).toContain('max-age=');
  });

  test('a name that nobody knows and one that cannot be reached are told, with what to do; nothing changes', async () => {
    const site = edge.read(edge.facts.paths.edgeSite);
    const said = await refused(...fromPebble(...NOBODY));
    expect(said).toMatch(/the authority finds no address for nowhere\.example\.test: /);
    expect(said).toMatch(
      /the authority cannot reach port 80 of closed\.example\.test; it leads to 198\.51\.100\.99, and this machine is /,
    );
    expect(said).toContain('What was served before still is');
    expect(said).toMatch(/\/var\/log\/letsencrypt\/letsencrypt\.log\nwhat to do: /);
    expect(said).toContain('make an A or AAAA record for nowhere.example.test');
    expect(said).toContain('let everybody reach port 80');
    expect(edge.read(edge.facts.paths.edgeSite)).toBe(site);
    expect(await serial(NAME)).toBe(first);
  });

  test('an authority that refuses every nonce is told in a line; what is served stays', async () => {
    await pebble.stop();
    // It looks at the nonce of whoever has no account yet; one of before it would not know.
    await edge.sandbox.run(['rm', '-r', '/etc/letsencrypt/accounts']);
    const refusing = await Pebble.start(edge.sandbox, { refusedNonces: 100 });
    const said = await refused(...fromPebble(NAME, 'second.example.test'));
    expect(said).toMatch(/the authority refused the nonce of the request, twice in a row/);
    expect(said).toMatch(/what to do: nothing is wrong here; try again in a minute/);
    await refusing.stop();
    expect(await serial(NAME)).toBe(first);
  });

  test('an authority that does not answer is told; what is served stays', async () => {
    const said = await refused(...fromPebble(NAME, 'second.example.test'));
    expect(said).toMatch(/https:\/\/localhost:14000\/dir cannot be reached: /);
    expect(await serial(NAME)).toBe(first);
  });
});

describe("a company's own", () => {
  let root: Authority;
  let middle: Authority;

  beforeAll(async () => {
    root = await Authority.create();
    middle = await root.intermediate();
    edge.write('/run/company/root.pem', root.certificatePem);
  });

  /** Lays files down as a company's administrator gets them, and names them. */
  function files(pair: { cert: string; key: string }, chain = middle.certificatePem): string[] {
    edge.write('/run/company/corp.pem', `${pair.cert}${chain}`);
    edge.write('/run/company/corp.key', pair.key);
    return [
      '--install',
      '/run/company/corp.pem',
      '/run/company/corp.key',
      '--authority',
      '/run/company/root.pem',
    ];
  }

  test('it is served by address and by name, with its chain, and has HSTS for its name alone', async () => {
    // docs: docs/operator/certificate.md sudo litellm-ctl certificate --install gateway.pem gateway.key
    await changed(...files(await middle.issue(COMPANY)));
    expect((await served()).subject).toBe(`CN=${COMPANY}`);
    expect(await trusted(COMPANY, root.certificatePem)).toBe(true);
    expect(await hsts(COMPANY)).toContain('max-age=31536000');
    expect(await hsts('other.example')).toBeUndefined();
    expect(await statusOf(null)).toMatchObject({
      kind: 'installed',
      names: `DNS:${COMPANY}`,
      renewal: 'by you: litellm-ctl certificate --install CERT KEY',
    });
  });

  test('the admin UI is named by it, since everybody is shown it', async () => {
    expect(await adminUrls()).toEqual([`https://${COMPANY}/ui`, `https://${COMPANY}/ui`]);
  });

  test("certbot's name keeps its own", async () => {
    expect((await served(NAME)).subjectAltName).toBe(`DNS:${NAME}`);
    expect(await statusOf(NAME)).toMatchObject({ kind: 'certbot' });
  });

  test('the key is for root alone, and the copies lie where first boot leaves them alone', async () => {
    const { tls } = edge.facts.paths;
    const listed = await edge.sandbox.run(['stat', '-Lc', '%a %U', `${tls}/key.pem`, `${tls}/cert.pem`]);
    expect(listed).toBe('600 root\n644 root\n');
    expect(await edge.sandbox.run(['readlink', `${tls}/current`])).toMatch(/^given-/);
  });

  test.each<[string, () => Promise<string[]>, RegExp]>([
    [
      'the key of another one',
      async () => {
        const [one, other] = [await middle.issue(COMPANY), await middle.issue(COMPANY)];
        return files({ cert: one.cert, key: other.key });
      },
      /is not the key of/,
    ],
    ['one without its chain', async () => files(await middle.issue(COMPANY), ''), /chain is not complete/],
    [
      'one that has expired',
      async () => files(await middle.issueFor({ notBefore: new Date(0), notAfter: new Date(1) }, COMPANY)),
      /has expired on 1970-01-01/,
    ],
  ])('%s is refused, and the old one stays', async (_title, given, message) => {
    const before = await serial();
    expect(await refused(...(await given()))).toMatch(message);
    expect(await serial()).toBe(before);
  });

  test('where nginx refuses it, the pair of before is back', async () => {
    const before = await serial();
    edge.write('/etc/nginx/conf.d/fault.conf', 'nonsense;\n');
    const said = await refused(...files(await middle.issue(COMPANY)));
    expect(said).toMatch(/nginx does not take this configuration, so all is as it was: .*nonsense/s);
    edge.remove('/etc/nginx/conf.d/fault.conf');
    await edge.reload();
    expect(await serial()).toBe(before);
  });

  test("one that names certbot's domain too takes it over", async () => {
    await changed(...files(await middle.issue(`*.corp.example`, NAME)));
    expect(await serial(NAME)).toBe(await serial());
    expect(await trusted(NAME, root.certificatePem)).toBe(true);
    expect(await hsts('any.corp.example')).toContain('max-age=');
  });
});
