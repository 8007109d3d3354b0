/** The search for secrets with a real Trivy, in a tree and in this repository. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { $ } from 'zx';
import { fetchedTrivy, readPolicy, scanSecrets, scanTreeForSecrets, type Trivy } from '../../sbom/index.ts';
import { writeFakeScanner } from '../harness/fake-scanner.ts';
import { write, writeSmallTree } from '../harness/scanned-tree.ts';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

let trivy: Trivy;
let scratch: string;

beforeAll(async () => {
  trivy = await fetchedTrivy();
  scratch = mkdtempSync(join(tmpdir(), 'secrets-test-'));
}, 10 * 60_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const word = (length: number): string => randomBytes(length).toString('hex').slice(0, length);
const armour = (edge: string): string => `-----${edge} RSA PRIVATE KEY-----`;
const privateKey = (): string => `${armour('BEGIN')}\n${word(64)}\n${word(64)}\n${armour('END')}\n`;

/** A file as its package brought it, and dpkg's record of it. */
function packaged(tree: string, path: string, text: string): void {
  write(tree, path, text);
  const digest = createHash('md5').update(text).digest('hex');
  write(tree, `/var/lib/dpkg/info/bash.md5sums`, `${digest}  ${path.slice(1)}\n`);
}

test('planted keys are found wherever they lie, and the result names places and never a secret', async () => {
  const tree = `${scratch}/planted`;
  writeSmallTree(tree);
  const key = `sk-${word(40)}`;
  const planted: [path: string, rule: string, text: string][] = [
    ['/etc/litellm/litellm.env', 'virtual-or-provider-key', `LITELLM_MASTER_KEY=${key}\n`],
    ['/root/.aws/credentials', 'aws-access-key-id', `aws_access_key_id=AKIA${word(16).toUpperCase()}\n`],
    ['/usr/share/doc/examples/test.md', 'private-key', privateKey()],
    ['/opt/litellm/gateway.mjs', 'provider-key', `const key = "gsk_${word(52)}";\n`],
    ['/var/lib/app/node_modules/x/package-lock.json', 'provider-key', `{"key": "AIza${word(35)}"}\n`],
    ['/var/www/logo.svg', 'virtual-or-provider-key', `<!-- sk-ant-${word(40)} -->\n`],
  ];
  for (const [path, , text] of planted) write(tree, path, text);
  packaged(tree, '/usr/lib/changed.pem', 'as it came');
  write(tree, '/usr/lib/changed.pem', privateKey());
  const { result, finds } = await scanTreeForSecrets(tree, { trivy, allowed: [] });
  expect(result).toMatchObject({ id: 'secrets', status: 'failed' });
  const named = (finds ?? []).map(({ path, rule }) => `${path} ${rule}`);
  for (const [path, rule] of planted) {
    expect(named).toContain(`${path} ${rule}`);
  }
  expect(named).toContain('/usr/lib/changed.pem private-key');
  expect(JSON.stringify({ result, finds })).not.toContain(key.slice(3));
});

test("a package's own file, an allowed one and the algorithms of OpenSSH pass; an exception that covers nothing is told", async () => {
  const tree = `${scratch}/clean`;
  writeSmallTree(tree);
  packaged(tree, '/usr/lib/python3/tests/key.pem', privateKey());
  write(tree, '/etc/app/sample.pem', privateKey());
  write(tree, '/etc/ssh/sshd_config', 'PubkeyAcceptedAlgorithms sk-ssh-ed25519-cert-v01@openssh.com\n');
  const sample = { path: '/etc/app/sample.pem', rule: 'private-key', reason: 'A sample.' };
  const stale = { ...sample, path: '/etc/app/gone.pem' };
  const { result, unused } = await scanTreeForSecrets(tree, { trivy, allowed: [sample, stale] });
  expect(result.status).toBe('passed');
  expect(result.detail).toContain('0 secrets, 1 allowed by the policy');
  expect(unused).toEqual([stale]);
});

test('this repository has no secret, and every exception for it is needed', async () => {
  const listed = await $({ cwd: root, quiet: true })`git ls-files --cached --others --exclude-standard -z`;
  const files = listed.stdout
    .split('\0')
    .filter((path) => path !== '')
    .map((path) => `/${path}`);
  const allowed = readPolicy().secrets.repository;
  const { result, unused } = await scanSecrets({ root, files, trivy, allowed });
  expect(result.detail.split('\n').slice(1)).toEqual([]);
  expect(result.status).toBe('passed');
  expect(unused).toEqual([]);
});

test.each([
  ['crashes', 'kill -SEGV $$', 'Trivy was ended by SIGSEGV'],
  ['writes nothing', 'exit 0', 'Trivy wrote an empty report'],
  [
    'finds nothing',
    'echo \'{"SchemaVersion":2,"ArtifactName":"x"}\' > "$report"',
    'overlooked planted keys: private-key, aws-access-key-id, virtual-or-provider-key, provider-key',
  ],
])('a scanner that %s is not a pass', async (name, script, why) => {
  const path = writeFakeScanner(`${scratch}/${name.replaceAll(' ', '-')}`, script);
  const tree = `${scratch}/for-fakes`;
  writeSmallTree(tree);
  const { result, finds } = await scanTreeForSecrets(tree, { trivy: { ...trivy, path }, allowed: [] });
  expect(result.status).toBe('not-run');
  expect(result.detail).toContain(why);
  expect(finds).toBeUndefined();
});
