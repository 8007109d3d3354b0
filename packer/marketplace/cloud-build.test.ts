import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFacts } from '../../appliance/index.ts';
import { SmallTree } from '../../tests/harness/small-tree.ts';
import { shellFor } from '../shell.ts';
import { makeCloudEvidence, prepareCloudBuild } from './cloud-build.ts';

const facts = readFacts();
const shell = shellFor(new AbortController().signal);
const directory = join(mkdtempSync(join(tmpdir(), 'cloud-build-')), 'work');
const build = { target: 'azure', commit: 'abc', time: new Date('2026-11-27T12:00:00Z'), today: '20261127' };
const places = { directory, ansiblePlaybook: '/venv/bin/ansible-playbook' };
const json = (file: string) => JSON.parse(readFileSync(file, 'utf8'));
let prepared: Awaited<ReturnType<typeof prepareCloudBuild>>;

beforeAll(async () => {
  prepared = await prepareCloudBuild(facts, build, places);
}, 120_000);
afterAll(() => rmSync(join(directory, '..'), { recursive: true }));

test('a build in a cloud gets every variable of the template that has no default, and no credential', () => {
  expect(prepared.source).toBe('marketplace.azure-arm.azure');
  const values = json(prepared.variables);
  const template = readFileSync(join(import.meta.dirname, 'variables.pkr.hcl'), 'utf8');
  const names = [...template.matchAll(/^variable "(\w+)"/gm)].map(([, name]) => name);
  expect(Object.keys(values).sort()).toEqual(names.sort());
  expect(values.image_name).toBe('lynxroute-litellm-appliance-ubuntu-2404-amd64-20261127');
  expect(values.image_name.length).toBeLessThanOrEqual(63);
});

test('the playbook is told of the cloud and of the base that the cloud has', () => {
  const variables = json(join(directory, 'ansible-variables.json'));
  expect(variables.appliance).toMatchObject({ base: 'ubuntu-24.04', target: 'azure', commit: 'abc' });
  expect(readdirSync(variables.payload_dir)).toContain('gateway');
  expect(readdirSync(variables.evidence_dir)).toEqual([]);
});

test('a target that no source is for is refused', async () => {
  await expect(prepareCloudBuild(facts, { ...build, target: 'qemu' }, places)).rejects.toMatchObject({
    message: "no cloud builds for 'qemu'",
    remedy: 'choose TARGET from azure, aws, gcp, digitalocean',
  });
});

test('the SBOM is made from what the machine holds, and one with a stray program is refused', async () => {
  using tree = new SmallTree();
  for (const role of readdirSync(join(directory, 'payload')))
    cpSync(join(directory, 'payload', role), tree.path, { recursive: true });
  tree.install('coreutils', '9.7-3', { lists: ['/usr/bin/true'] });
  tree.program('/usr/bin/true');
  const pack = () =>
    shell`tar --create ${'--use-compress-program=gzip -1'} --file=${directory}/tree.tar.gz --directory=${tree.path} .`;
  const sbom = join(directory, 'evidence/sbom.json');

  tree.program('/usr/bin/stray');
  await pack();
  await expect(makeCloudEvidence(facts, directory, shell)).rejects.toThrow('/usr/bin/stray');
  expect(existsSync(sbom)).toBe(false);

  rmSync(join(tree.path, 'usr/bin/stray'));
  await pack();
  await makeCloudEvidence(facts, directory, shell);
  const { metadata, components } = json(sbom);
  expect(metadata.timestamp).toBe('2026-11-27T12:00:00.000Z');
  expect(components.map(({ name }: { name: string }) => name)).toContain('coreutils');
}, 600_000);
