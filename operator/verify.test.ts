import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { machineFacts, readFacts } from '../appliance/index.ts';
import type { Operator } from './operator.ts';
import { runCommandLine } from './run.ts';
import { type Verification, verify } from './verify.ts';
import { contentHash, modeOf } from './verify-files.ts';
import { type ImageManifest, manifestPaths, type ShippedFile } from './verify-manifest.ts';
import { fingerprintOf } from './verify-signature.ts';

const facts = machineFacts(readFacts(), 'debian-13', 'qemu', 'a'.repeat(40));
const paths = manifestPaths(facts);
const publisher = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

let root: string;
let printed: string;

function put(path: string, content: string, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content, { mode });
  chmodSync(join(root, path), mode);
}

function shipped(path: string, owner?: string): ShippedFile {
  const stat = lstatSync(join(root, path));
  const kind = stat.isSymbolicLink() ? 'link' : 'file';
  return {
    path,
    kind,
    sha256: contentHash(join(root, path), kind),
    mode: modeOf(stat),
    uid: stat.uid,
    gid: stat.gid,
    ...(owner === undefined ? {} : { package: owner }),
  };
}

const md5 = (content: string): string => createHash('md5').update(content).digest('hex');

/** dpkg's database with one package of one program and one setting. */
function installTool(version: string, program: string, setting: string): void {
  const conffiles = `Conffiles:\n /etc/tool.conf ${md5(setting)}\n`;
  put(
    '/var/lib/dpkg/status',
    `Package: tool\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n${conffiles}Description: x\n`,
  );
  put('/var/lib/dpkg/info/tool:amd64.md5sums', `${md5(program)}  bin/tool\n`);
}

function seal(key: KeyObject, manifest: ImageManifest): void {
  const content = `${JSON.stringify(manifest)}\n`;
  put(paths.manifest, content);
  put(paths.signature, sign('sha256', Buffer.from(content), key).toString('base64'));
}

function publicPem({ publicKey }: { publicKey: KeyObject }): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

function operator(): Operator {
  return {
    machine: { facts },
    isRoot: true,
    write: (text: string) => {
      printed += text;
    },
    writeError: (text: string) => {
      printed += text;
    },
  } as unknown as Operator;
}

function verified(): Verification {
  printed = '';
  const code = verify(operator(), { json: true }, root);
  const seen = JSON.parse(printed) as Verification;
  expect(code).toBe(seen.verdict === 'intact' ? 0 : 1);
  return seen;
}

const found = () => verified().files.map(({ path, state }) => `${state} ${path}`);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'verify-'));
  printed = '';
  put('/usr/bin/tool', 'program 1', 0o755);
  put('/etc/tool.conf', 'setting 1');
  put('/opt/litellm/gateway.mjs', 'bundle');
  put(facts.paths.config, 'model_list: []\n', 0o640);
  put('/etc/nginx/litellm/access-api.conf', '');
  put(`${paths.directory}/sbom.json`, '{}');
  put(paths.publicKey, publicPem(publisher));
  symlinkSync('/usr/bin/tool', join(root, 'usr/bin/alias'));
  installTool('1.0-1', 'program 1', 'setting 1');
  seal(publisher.privateKey, {
    format: 1,
    ...{ name: facts.name, version: facts.version, base: 'debian-13', target: 'qemu', commit: 'c' },
    rehearsal: true,
    documents: [`${paths.directory}/sbom.json`],
    editable: [facts.paths.config, `${facts.paths.edgeIncludes}/`],
    closed: ['/opt/litellm', paths.directory],
    packages: [{ name: 'tool', version: '1.0-1', architecture: 'amd64' }],
    files: [
      shipped('/usr/bin/tool', 'tool'),
      shipped('/usr/bin/alias', 'tool'),
      shipped('/etc/tool.conf', 'tool'),
      shipped('/opt/litellm/gateway.mjs'),
      shipped(facts.paths.config),
      shipped('/etc/nginx/litellm/access-api.conf'),
      shipped(`${paths.directory}/sbom.json`),
      shipped(paths.publicKey),
    ],
  });
  return () => rmSync(root, { recursive: true });
});

test('a machine as it was shipped is intact, and the key is named by its fingerprint', () => {
  const seen = verified();
  expect(seen).toMatchObject({ verdict: 'intact', rehearsal: true, files: [], packages: [] });
  expect(seen.counts).toMatchObject({ unchanged: 8, changed: 0, extra: 0 });
  expect(seen.key).toEqual({ fingerprint: fingerprintOf(publicPem(publisher)), from: paths.publicKey });
});

test('what apt has upgraded is updated, when it is what the new version brings', () => {
  put('/usr/bin/tool', 'program 2', 0o755);
  put('/etc/tool.conf', 'setting 2');
  installTool('1.0-2', 'program 2', 'setting 2');
  const seen = verified();
  expect(seen.verdict).toBe('intact');
  expect(seen.packages).toEqual([{ name: 'tool', shipped: '1.0-1', installed: '1.0-2' }]);
  expect(seen.files.map(({ path, state }) => [path, state])).toEqual([
    ['/usr/bin/tool', 'updated'],
    ['/etc/tool.conf', 'updated'],
  ]);
});

test('a program that was swapped is found, also behind an upgrade of its package', () => {
  put('/usr/bin/tool', 'evil', 0o755);
  expect(found()).toEqual(['changed /usr/bin/tool']);
  installTool('1.0-2', 'program 2', 'setting 1');
  expect(verified().files).toEqual([
    { path: '/usr/bin/tool', state: 'changed', detail: 'not what tool 1.0-2 brings' },
  ]);
});

test.each([
  ['a set-user-id bit', 0o4755],
  ['a mode that lets others write', 0o757],
])('%s on an upgraded program is not the upgrade’s', (_title, mode) => {
  put('/usr/bin/tool', 'program 2', mode);
  installTool('1.0-2', 'program 2', 'setting 1');
  expect(verified().files).toEqual([
    {
      path: '/usr/bin/tool',
      state: 'changed',
      detail: `tool 1.0-2, but mode ${mode.toString(8).padStart(4, '0')} where 0755 was shipped`,
    },
  ]);
});

test('a narrower mode may come with an upgrade, another owner than the system’s may not', () => {
  put('/usr/bin/tool', 'program 2', 0o750);
  installTool('1.0-2', 'program 2', 'setting 1');
  expect(found()).toEqual(['updated /usr/bin/tool']);
  chownSync(join(root, 'usr/bin/tool'), 33, 33);
  expect(found()).toEqual(['changed /usr/bin/tool']);
});

test('files of a package that was removed are gone with it; one that stayed is suspicious', () => {
  put(
    '/var/lib/dpkg/status',
    'Package: other\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n',
  );
  unlinkSync(join(root, 'usr/bin/tool'));
  put('/etc/tool.conf', 'something else');
  expect(found()).toEqual(['updated /usr/bin/tool', 'changed /etc/tool.conf']);
});

test('what the operator may edit is edited', () => {
  put(facts.paths.config, 'model_list: [{}]\n', 0o640);
  put('/etc/nginx/litellm/access-api.conf', 'deny all;\n');
  const seen = verified();
  expect(seen.verdict).toBe('intact');
  expect(seen.counts.edited).toBe(2);
});

test.each([
  ['a changed bundle', () => put('/opt/litellm/gateway.mjs', 'bundle!'), 'changed /opt/litellm/gateway.mjs'],
  ['a wider mode', () => chmodSync(join(root, 'usr/bin/tool'), 0o4777), 'changed /usr/bin/tool'],
  ['a removed file', () => unlinkSync(join(root, 'usr/bin/tool')), 'missing /usr/bin/tool'],
  [
    'a swapped SBOM',
    () => put(`${paths.directory}/sbom.json`, '{"x":1}'),
    `changed ${paths.directory}/sbom.json`,
  ],
  ['a stowaway', () => put('/opt/litellm/lib/evil.mjs', ''), 'extra /opt/litellm/lib/evil.mjs'],
  ['a link that leads elsewhere', () => relink('/usr/bin/alias', '/tmp/x'), 'changed /usr/bin/alias'],
  ['a link in place of a file', () => relink('/usr/bin/tool', '/tmp/x'), 'changed /usr/bin/tool'],
])('%s is found', (_title, plant, difference) => {
  plant();
  expect(found()).toEqual([difference]);
  expect(verified().verdict).toBe('changed');
});

function relink(path: string, target: string): void {
  unlinkSync(join(root, path));
  symlinkSync(target, join(root, path));
  expect(readlinkSync(join(root, path))).toBe(target);
}

test('a person reads the worst first, then what to do', () => {
  put(facts.paths.config, 'other\n', 0o640);
  put('/opt/litellm/gateway.mjs', 'bundle!');
  expect(verify(operator(), { json: false }, root)).toBe(1);
  expect(printed).toMatch(/^litellm-appliance \S+, commit c: changed\n {2}list signed by ([0-9a-f]{2}:){31}/);
  expect(printed.indexOf('  /opt/litellm/gateway.mjs')).toBeLessThan(printed.indexOf('  edited '));
  expect(printed).toContain('what to do:');
});

const anotherKey = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

test.each([
  ['an altered list', () => put(paths.manifest, '{"format":1}')],
  ['a missing list', () => unlinkSync(join(root, paths.manifest))],
  ['a list signed by somebody else', () => put(paths.publicKey, publicPem(anotherKey))],
  ['a signature that is none', () => put(paths.signature, 'AAAA')],
])('%s ends the check', (_title, plant) => {
  plant();
  expect(() => verify(operator(), { json: true }, root)).toThrow('nothing can be said');
});

test('the key may come from elsewhere, and only that one counts then', () => {
  const file = join(root, 'key.pem');
  writeFileSync(file, publicPem(publisher));
  expect(verify(operator(), { json: false, keyFile: file }, root)).toBe(0);
  expect(printed).toContain(`(${file})`);
  writeFileSync(file, publicPem(anotherKey));
  expect(() => verify(operator(), { json: false, keyFile: file }, root)).toThrow('nothing can be said');
});

// docs: docs/operator/integrity.md sudo litellm-ctl verify
test('the command line leads here: without an image of ours it is a problem and says what to do', async () => {
  expect(existsSync(paths.manifest)).toBe(false);
  expect(await runCommandLine(operator(), ['verify'])).toBe(1);
  expect(printed).toContain('what to do: give the publisher');
});
