/** The build host's part of a build in a cloud, on a small machine; who judges, and whose programs end the build, are passed in. */
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { machineFacts, readFacts } from '../../appliance/index.ts';
import { compareWithManifest, manifestPaths, readSignedManifest } from '../../operator/index.ts';
import {
  type CheckResult,
  evidenceNames,
  expectedChecks,
  fileFaults,
  publisherKey,
  readSignedEvidence,
  rehearsalKey,
  type SigningKey,
} from '../../sbom/index.ts';
import { SmallTree } from '../../tests/harness/small-tree.ts';
import { hygieneRules } from '../hygiene.ts';
import { type Judges, judgeTree } from '../judge-tree.ts';
import { createLog } from '../log.ts';
import { shellFor } from '../shell.ts';
import { prepareCloudBuild } from './cloud-build.ts';
import { makeCloudEvidence } from './cloud-evidence.ts';
import { unpackTree } from './machine-copy.ts';
import { readNotes, writeNotes } from './notes.ts';

const base = mkdtempSync(join(tmpdir(), 'cloud-evidence-'));
const directory = join(base, 'work');
const archive = join(directory, 'evidence.tar');
const proof = join(directory, 'proof');
const { signal } = new AbortController();
const shell = shellFor(signal);
const work = { log: createLog(), signal };
const build = {
  ...{ target: 'azure', commit: 'a'.repeat(40), time: new Date('2026-11-27T12:00:00Z') },
  ...{ today: '20261127', rehearsal: false },
};
const facts = readFacts();
const machineOf = machineFacts(facts, 'ubuntu-24.04', build.target, build.commit);
const VENDOR = `/etc/${facts.vendor.directory}`;

const fetched = join(directory, 'tree.tar.gz');
let publisher: SigningKey;
let machine: SmallTree;

beforeAll(async () => {
  await prepareCloudBuild(facts, build, { directory, ansiblePlaybook: '/venv/bin/ansible-playbook' });
  const file = join(base, 'publisher.pem');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  publisher = await publisherKey(file, async () => undefined);
  machine = new SmallTree();
  for (const role of readdirSync(join(directory, 'payload')))
    cpSync(join(directory, 'payload', role), machine.path, { recursive: true });
  machine.install('coreutils', '9.7-3', { lists: ['/usr/bin/true'] });
  machine.program('/usr/bin/true');
  machine.write('/etc/passwd', 'root:x:0:0:root:/root:/bin/bash\n');
  machine.write('/etc/group', 'root:x:0:\n');
  machine.write('/etc/shadow', 'root:*:20783:0:99999:7:::\n', 0o640);
  machine.write('/etc/machine-id', '', 0o444);
  machine.link('/etc/resolv.conf', '../run/systemd/resolve/stub-resolv.conf');
  await shell`tar --create ${'--use-compress-program=gzip -1'} --file=${fetched} --directory=${machine.path} .`;
  await judged();
  await shell`tar --extract --file=${archive} --directory=${machine.path}`;
}, 300_000);
afterAll(() => {
  machine?.[Symbol.dispose]();
  rmSync(base, { recursive: true });
});

const result = (id: string, changes: Partial<CheckResult> = {}): CheckResult => ({
  ...{ id, status: 'passed', detail: 'all is well', at: '2026-11-27T13:00:00.000Z' },
  ...changes,
});

/** Judges that find what is said of `others`, and nothing in everything else. */
function judgesThatSay(...others: CheckResult[]): Judges {
  const say = (id: string) => others.find((other) => other.id === id) ?? result(id);
  const report = (name: string): string => {
    writeFileSync(join(base, name), `${name}\n`);
    return join(base, name);
  };
  return {
    audit: async () => ({
      cis: {
        ...{ arf: report('cis-arf.xml'), html: report('cis-report.html'), score: report('cis-score.json') },
        check: say('cis'),
      },
      checks: ['lynis', 'exposure', 'ports'].map(say),
      documents: { lynis: report('lynis'), exposure: report('exposure'), openPorts: report('ports') },
    }),
    scan: async () => ({
      checks: ['cve', 'secrets', 'malware'].map(say),
      documents: {
        ...{ cve: report('cve'), vex: report('vex') },
        ...{ secretScan: report('secrets'), malware: report('malware') },
      },
      rehearsal: [],
    }),
  };
}

/** What Packer starts when it has fetched the machine. */
async function judged(judges: Judges = judgesThatSay(), key: SigningKey = publisher): Promise<void> {
  const open = (tree: string) => unpackTree(shell, fetched, tree);
  await makeCloudEvidence(facts, directory, { open, judges: () => judges, key }, work);
}

const json = (file: string) => JSON.parse(readFileSync(file, 'utf8'));

test('what the machine is given makes it what the publisher has signed, by the operator’s own comparison', async () => {
  const listed = (await shell`tar --list --verbose --numeric-owner --file=${archive}`).stdout.trim();
  const lines = listed.split('\n').map((line) => line.split(/\s+/));
  expect(lines.map(([mode, owner]) => `${mode} ${owner}`)).toEqual(lines.map(() => '-rw-r--r-- 0/0'));
  const { manifest, signature, publicKey } = manifestPaths(machineOf);
  expect(lines.map((fields) => fields.at(-1)?.slice(1))).toEqual([
    ...['sbom.json', 'cis-report.html', 'cis-score.json'].map((name) => `${VENDOR}/${name}`),
    ...[publicKey, manifest, signature],
  ]);

  const signed = readSignedManifest(machine.path, machineOf, publisher.publicPem);
  expect(signed.manifest).toMatchObject({ base: 'ubuntu-24.04', target: 'azure', rehearsal: false });
  const closed = [manifest, signature];
  expect(compareWithManifest(machine.path, signed.manifest, closed).differences).toEqual([]);
  const report = readFileSync(join(machine.path, VENDOR, 'cis-report.html'));
  machine.write(`${VENDOR}/cis-report.html`, 'another\n');
  const { differences } = compareWithManifest(machine.path, signed.manifest, closed);
  machine.write(`${VENDOR}/cis-report.html`, report);
  expect(differences).toMatchObject([{ path: `${VENDOR}/cis-report.html`, state: 'changed' }]);
});

test('the evidence is whole and signed; the signed list stands for the image, of which there is no file', async () => {
  const signed = readSignedEvidence(proof, publisher.publicPem);
  expect(await fileFaults(proof, signed)).toEqual([]);
  expect(signed).toMatchObject({ target: 'azure', rehearsal: false });
  expect(signed.image).toBeUndefined();
  expect(signed.checks.map(({ id, status }) => `${id} ${status}`)).toEqual(
    [...expectedChecks].sort().map((id) => `${id} passed`),
  );
  const { payload } = json(join(proof, 'evidence/provenance.dsse.json'));
  const { subject } = JSON.parse(Buffer.from(payload, 'base64').toString());
  const list = signed.files.find(({ path }) => path === 'evidence/image-manifest.json');
  expect(subject).toEqual([{ name: 'image-manifest.json', digest: { sha256: list?.sha256 } }]);
  expect(readFileSync(join(proof, 'evidence/index.html'), 'utf8')).toContain('A cloud keeps the image');
  const { metadata } = json(join(proof, 'evidence/sbom.json'));
  expect(metadata.timestamp).toBe('2026-11-27T12:00:00.000Z');
});

/** Holds the machine, which has its SBOM by now, against everything. */
const judge = (judges: Judges) => {
  const file = join(directory, 'sbom.json');
  const sbom = { file, text: readFileSync(file, 'utf8') };
  return judgeTree({ tree: machine.path, facts, hygiene: hygieneRules(facts), sbom }, judges, work);
};

test.each([
  ['a program that nobody answers for', '/usr/bin/stray'],
  ['a secret of the build', '/root/.ssh/id_ed25519'],
  ['the user of the build', '/home/ubuntu'],
])('%s is refused', async (_what, path) => {
  machine.program(path);
  try {
    await expect(judge(judgesThatSay())).rejects.toThrow(path);
  } finally {
    rmSync(`${machine.path}${path}`);
  }
});

test.each(expectedChecks.filter((id) => id !== 'sbom'))(
  'a failed %s is refused with its detail',
  async (id) => {
    const failed = result(id, { status: 'failed', detail: 'openssl, fixed in 3.5.2' });
    await expect(judge(judgesThatSay(failed))).rejects.toThrow(
      `the check '${id}' has failed:\nopenssl, fixed in 3.5.2`,
    );
  },
);

test('a check that did not run fails the build, unless it is a rehearsal, which says so', async () => {
  const judges = judgesThatSay(result('cve', { status: 'not-run', detail: 'no database of today' }));
  await expect(judged(judges)).rejects.toThrow('cve: not-run: no database of today');
  expect(existsSync(archive)).toBe(false);

  const notes = readNotes(directory);
  try {
    writeNotes(directory, { ...notes, rehearsal: true });
    await judged(judges, rehearsalKey(join(base, 'rehearsal.pem')));
  } finally {
    writeNotes(directory, notes);
  }
  expect(existsSync(archive)).toBe(true);
  const { rehearsal, rehearsalReasons } = json(join(proof, evidenceNames.signed));
  expect({ rehearsal, rehearsalReasons }).toEqual({
    rehearsal: true,
    rehearsalReasons: ['a rehearsal key signed it'],
  });
}, 600_000);
