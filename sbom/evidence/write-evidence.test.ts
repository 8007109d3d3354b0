import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mustRun, runProgram } from '../../appliance/index.ts';
import { SmallImage, smallManifest } from '../../tests/harness/small-image.ts';
import { fileFaults } from './file-faults.ts';
import { packageDifference, readPreviousPackages, readSetIdFiles, readUsers } from './lists.ts';
import { readOpenPorts } from './open-ports.ts';
import { type Envelope, envelope, preAuthentication, provenance } from './provenance.ts';
import { readSignedEvidence } from './signed-evidence.ts';

const json = (file: string) => JSON.parse(readFileSync(file, 'utf8'));

test('the pack is complete, every file of it is signed for, and each check is answered', async () => {
  using image = new SmallImage();
  const key = image.rehearsal();
  await image.seal(key);
  const files = readdirSync(join(image.build, 'evidence')).sort();
  expect(files).toEqual([
    'build-manifest.json',
    'cis-arf.xml',
    'cis-report.html',
    'cis-score.json',
    'cve-report.json',
    'exposure.json',
    'image-manifest.json',
    'image-manifest.json.sig',
    'index.html',
    'lynis-report.dat',
    'malware-report.txt',
    'open-ports.json',
    'packages-difference.json',
    'packages.json',
    'provenance.dsse.json',
    'sbom.json',
    'secret-scan.json',
    'setuid.json',
    'users.json',
    'vex.json',
  ]);
  const signed = readSignedEvidence(image.build, key.publicPem);
  expect(signed.files.map(({ path }) => path)).toEqual(files.map((name) => `evidence/${name}`));
  for (const { path, bytes, sha256 } of signed.files) {
    const content = readFileSync(join(image.build, path));
    expect({ bytes: content.length, sha256: hash(content) }, path).toEqual({ bytes, sha256 });
  }
  expect(signed.checks.map(({ id }) => id)).toEqual([
    'cis',
    'cve',
    'exposure',
    'lynis',
    'malware',
    'ports',
    'sbom',
    'secrets',
  ]);
});

function hash(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

test('a check that nobody carried out is not run; one that claims too much is not run either', async () => {
  using image = new SmallImage();
  const key = image.rehearsal();
  image.checks = image.checks.filter(({ id }) => id !== 'cve');
  const { cisArf: _, ...documents } = image.documents();
  await image.seal(key, documents);
  const { checks } = readSignedEvidence(image.build, key.publicPem);
  const open = checks
    .filter(({ status }) => status !== 'passed')
    .map(({ id, status, detail }) => [id, status, detail]);
  expect(open).toEqual([
    ['cis', 'not-run', 'said to have passed, but there is no cis-arf.xml'],
    ['cve', 'not-run', 'nobody carried it out'],
  ]);
});

test('two results of one check are refused', async () => {
  using image = new SmallImage();
  image.checks = [...image.checks, ...image.checks.slice(0, 1)];
  await expect(image.seal(image.rehearsal())).rejects.toThrow('two results were given for the check sbom');
});

test('a report in the place of the evidence is refused before it is lost', async () => {
  using image = new SmallImage();
  const sbom = join(image.build, 'evidence/sbom.json');
  image.put('/../build/evidence/sbom.json', '{}');
  await expect(image.seal(image.rehearsal(), { sbom })).rejects.toThrow('where the evidence is made anew');
  expect(readFileSync(sbom, 'utf8')).toBe('{}');
});

test('openssl, which knows nothing of us, accepts each signature, and refuses one over other bytes', async () => {
  using image = new SmallImage();
  await image.seal(await image.publisher());
  const at = (name: string) => join(image.build, name);
  const check = async (file: string, signature: string) => {
    writeFileSync(join(image.directory, 'sig.der'), Buffer.from(signature, 'base64'));
    const args = [
      'dgst',
      '-sha256',
      '-verify',
      at('publisher.pem'),
      '-signature',
      join(image.directory, 'sig.der'),
      file,
    ];
    return (await runProgram('openssl', args)).stdout.trim();
  };
  const text = (name: string) => readFileSync(at(name), 'utf8');
  expect(await check(at('evidence.json'), text('evidence.json.sig'))).toBe('Verified OK');
  const inImage = 'evidence/image-manifest.json';
  expect(await check(at(inImage), text(`${inImage}.sig`))).toBe('Verified OK');
  const { payload, signatures } = json(at('evidence/provenance.dsse.json')) as Envelope;
  const signedBytes = join(image.directory, 'pae');
  writeFileSync(signedBytes, preAuthentication(Buffer.from(payload, 'base64')));
  expect(await check(signedBytes, signatures[0]?.sig ?? '')).toBe('Verified OK');
  expect(await check(at('manifest.json'), text('evidence.json.sig'))).toBe('Verification failure');
});

test('the provenance names the image by its digest and every input by its own', async () => {
  const manifest = smallManifest();
  const statement = provenance(manifest, manifest.image) as Record<string, unknown>;
  expect(statement).toMatchObject({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'small.qcow2', digest: { sha256: manifest.image.sha256 } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: { externalParameters: { base: 'ubuntu-24.04', target: 'qemu' } },
      runDetails: { metadata: { finishedOn: manifest.createdAt } },
    },
  });
  const { resolvedDependencies } = (
    statement.predicate as { buildDefinition: { resolvedDependencies: object[] } }
  ).buildDefinition;
  expect(resolvedDependencies).toContainEqual({ name: 'source', digest: { gitCommit: manifest.commit } });
  expect(resolvedDependencies).toContainEqual(
    expect.objectContaining({
      uri: 'https://images.example/x.img',
      digest: { sha256: manifest.inputs.payload },
    }),
  );
  expect(resolvedDependencies).toHaveLength(7);
  using image = new SmallImage();
  expect(envelope(statement, image.rehearsal()).payloadType).toBe('application/vnd.in-toto+json');
});

test('a person finds every piece on one page, with its result, and cannot overlook that it is a rehearsal', async () => {
  using image = new SmallImage({ rehearsal: ["the package sources are the build host's <mirror>"] });
  image.checks = image.checks.map((check) =>
    check.id === 'cve' ? { ...check, status: 'failed', detail: 'CVE-2026-1 & others' } : check,
  );
  const { malware: _, ...documents } = image.documents();
  await image.seal(image.rehearsal(), documents);
  const page = readFileSync(join(image.build, 'evidence/index.html'), 'utf8');
  expect(page).toContain('must not be published');
  expect(page).toContain('the build host&#x27;s &lt;mirror&gt;');
  expect(page).toContain('<td class="failed">failed</td><td>CVE-2026-1 &amp; others</td>');
  expect(page).toMatch(/Scan for malware<\/td><td class="not-run">not-run<\/td><td>missing/);
  const links = [...page.matchAll(/<a href="([^"]+)">/g)].map(([, file]) => file ?? '');
  expect(links.length).toBeGreaterThan(15);
  expect(links.filter((file) => !existsSync(join(image.build, 'evidence', file)))).toEqual([]);
  expect(page).not.toMatch(/<script|https?:\/\//);
});

test("users, sudo's rules and programs that change their user are read from the tree", () => {
  using image = new SmallImage();
  image.put('/etc/sudoers.d/90-x', '# why\n%adm ALL=(ALL) ALL\n', 0o440);
  image.put('/usr/bin/tool', 'program', 0o4755);
  const { accounts, sudoers } = readUsers(image.tree);
  expect(accounts[0]).toMatchObject({
    name: 'root',
    uid: 0,
    groups: ['root'],
    shell: '/bin/bash',
    password: 'none',
  });
  expect(sudoers).toContainEqual({ file: '/etc/sudoers.d/90-x', rule: '%adm ALL=(ALL) ALL' });
  expect(readSetIdFiles(image.tree)).toEqual([
    { path: '/usr/bin/tool', mode: '4755', uid: 0, gid: 0, package: 'nginx' },
  ]);
});

test('packages are told apart from those of the previous release', () => {
  const of = (name: string, version: string) => ({ name, version, architecture: 'amd64' });
  expect(packageDifference([of('a', '2'), of('b', '1')], [of('a', '1'), of('c', '1')])).toEqual({
    previous: 'given',
    added: [of('b', '1')],
    removed: [of('c', '1')],
    changed: [{ name: 'a', from: '1', to: '2' }],
  });
  expect(packageDifference([of('a', '1')], readPreviousPackages('none'))).toMatchObject({ previous: 'none' });
  expect(() => readPreviousPackages('/nowhere')).toThrow('is no package list');
});

test.each([
  ['loopback and what is allowed', 'tcp LISTEN 0 1 127.0.0.1:4000 x\ntcp LISTEN 0 1 0.0.0.0:22 x', 'passed'],
  ['another port', 'tcp LISTEN 0 1 [::]:8080 x', 'failed'],
  ['nothing at all', '', 'not-run'],
])('open ports: %s', async (_title, said, status) => {
  const guest = { run: async () => ({ code: 0, stdout: said }) };
  const { check, json: listed } = await readOpenPorts(guest, [22, 80, 443], new Date(0));
  expect(check).toMatchObject({ id: 'ports', status });
  expect(JSON.parse(listed)).toHaveLength(said === '' ? 0 : said.split('\n').length);
});

test('the key of a checkout stays the same, and only its owner reads it', async () => {
  using image = new SmallImage();
  expect(image.rehearsal().publicPem).toBe(image.rehearsal().publicPem);
  const mode = await mustRun(runProgram, 'stat', ['-c', '%a', join(image.directory, 'rehearsal.key')]);
  expect(mode.trim()).toBe('600');
});

test('an image that a cloud keeps is no file: the signed list inside it stands for it, everywhere', async () => {
  using image = new SmallImage();
  const key = image.rehearsal();
  const { image: _file, ...manifest } = image.manifest;
  image.manifest = manifest as typeof image.manifest;
  await image.seal(key);
  const signed = readSignedEvidence(image.build, key.publicPem);
  expect(signed.image).toBeUndefined();
  expect(await fileFaults(image.build, signed)).toEqual([]);
  const list = signed.files.find(({ path }) => path === 'evidence/image-manifest.json');
  const { payload } = json(join(image.build, 'evidence/provenance.dsse.json')) as Envelope;
  const { subject, predicate } = JSON.parse(Buffer.from(payload, 'base64').toString());
  expect(subject).toEqual([{ name: 'image-manifest.json', digest: { sha256: list?.sha256 } }]);
  expect(predicate.buildDefinition.buildType).toBe('urn:litellm-appliance:marketplace-build:1');
  const page = readFileSync(join(image.build, 'evidence/index.html'), 'utf8');
  expect(page).toContain('A cloud keeps the image');
  expect(page).toContain('--insecure-ignore-tlog evidence/image-manifest.json');
});
