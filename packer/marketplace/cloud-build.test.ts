import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFacts } from '../../appliance/index.ts';
import { hygieneRules } from '../hygiene.ts';
import { prepareCloudBuild } from './cloud-build.ts';

const facts = readFacts();
const directory = join(mkdtempSync(join(tmpdir(), 'cloud-build-')), 'work');
const build = {
  ...{ target: 'azure', commit: 'abc', time: new Date('2026-11-27T12:00:00Z'), today: '20261127' },
  rehearsal: false,
};
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
});

test('the role that cleans leaves the way in of Packer and its traces, and nothing else; the evidence is put in later', () => {
  const { hygiene, evidence_dir } = json(join(directory, 'ansible-variables.json'));
  const kept = new Set(hygiene.map(({ path }: { path: string }) => path));
  const left = hygieneRules(facts).filter(({ path }) => !kept.has(path));
  expect(left.map(({ path }) => path)).toEqual([
    '/etc/ssh/ssh_host_*',
    '/root/.ssh/*',
    '/home/*',
    '/etc/sudoers.d/90-cloud-init-users',
    '/var/lib/wtmpdb/*',
    '/var/lib/lastlog/*',
    '/var/log',
  ]);
  expect(evidence_dir).toBeUndefined();
});

test('a target that no source is for is refused', async () => {
  await expect(prepareCloudBuild(facts, { ...build, target: 'qemu' }, places)).rejects.toMatchObject({
    message: "no cloud builds for 'qemu'",
    remedy: 'choose TARGET from azure, aws, gcp, digitalocean',
  });
});
