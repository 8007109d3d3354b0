import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { $, type Shell } from 'zx';
import { ensureAnsible } from '../ansible.ts';
import { createLog } from '../log.ts';
import type { Packer } from '../packer.ts';
import { places } from '../places.ts';
import { buildCloudPacker } from '../tools/build-packer.ts';

/** Packer and five plugins are compiled the first time, beside whatever else runs. */
const BUILD_MS = 40 * 60_000;
/** Five plugins are started for each word of Packer's; seconds, unless the machine has other things to do. */
const VALIDATE_MS = 10 * 60_000;
const sources = `${places.packer}/marketplace`;
const clouds = {
  azure: { type: 'azure-arm', misspelt: ['os_disk_size_gb', 'os_disk_size'] },
  aws: { type: 'amazon-ebs', misspelt: ['encrypt_boot', 'encrypted_boot'] },
  gcp: { type: 'googlecompute', misspelt: ['image_guest_os_features', 'guest_os_features'] },
  digitalocean: { type: 'digitalocean', misspelt: ['droplet_agent', 'droplet_agents'] },
} as const;
const names = Object.keys(clouds) as (keyof typeof clouds)[];

vi.setConfig({ testTimeout: VALIDATE_MS });

let packer: Packer;
let shell: Shell;
let directory: string;
let variables: Record<string, unknown>;

beforeAll(async () => {
  packer = await buildCloudPacker({ log: createLog(), signal: new AbortController().signal });
  directory = mkdtempSync(join(tmpdir(), 'marketplace-'));
  // What a person's own environment says must not decide.
  const { PATH, HOME } = process.env;
  shell = $({ quiet: true, nothrow: true, env: { PATH, HOME, ...packer.environment } });
  variables = {
    playbook: `${places.ansible}/playbook.yml`,
    ansible_playbook: (await ensureAnsible()).playbook,
    ansible_variables: join(directory, 'variables.json'),
    ansible_config: `${places.ansible}/ansible.cfg`,
    work: directory,
    evidence_command: ['node', 'evidence.ts'],
    image_name: 'lynxroute-litellm-ubuntu-2404-amd64-20261127',
    image_version: '0.1.0',
    description: 'LLM gateway',
    azure_subscription_id: '00000000-0000-0000-0000-000000000000',
    azure_resource_group: 'images',
    azure_gallery: 'appliances',
    azure_image_definition: 'gateway',
    gcp_project_id: 'example-project',
    digitalocean_token: 'not-a-token',
  };
}, BUILD_MS);
afterAll(() => rmSync(directory, { recursive: true }));

async function validate(values: Record<string, unknown>, template = packer.template, options: string[] = []) {
  const file = join(directory, 'values.pkrvars.json');
  writeFileSync(file, JSON.stringify(values));
  const asked = [...options, `-var-file=${file}`];
  const { stdout, stderr, exitCode } = await shell`${packer.path} validate ${asked} ${template}`;
  return { text: `${stdout}${stderr}`.replaceAll(/\s+/g, ' '), exitCode };
}

const sourceOf = (cloud: string) => readFileSync(`${sources}/source-${cloud}.pkr.hcl`, 'utf8');

test('every source is valid by the real Packer and the real plugins', async () => {
  expect(await validate(variables)).toEqual({ text: 'The configuration is valid. ', exitCode: 0 });
});

test('the files are formatted as Packer formats them', async () => {
  expect((await shell`${packer.path} fmt -check -diff ${sources}`).stdout).toBe('');
});

test('a misspelt field is refused in every source', async () => {
  const spoilt = join(directory, 'spoilt');
  cpSync(sources, spoilt, { recursive: true });
  for (const cloud of names) {
    const [field, wrong] = clouds[cloud].misspelt;
    const text = sourceOf(cloud);
    expect(text).toMatch(new RegExp(`^  ${field} +=`, 'm'));
    writeFileSync(
      `${spoilt}/source-${cloud}.pkr.hcl`,
      text.replace(new RegExp(`^  ${field} `, 'm'), `  ${wrong} `),
    );
  }
  const { text, exitCode } = await validate(variables, spoilt);
  expect(exitCode).not.toBe(0);
  for (const cloud of names)
    expect(text).toContain(`An argument named "${clouds[cloud].misspelt[1]}" is not expected here`);
});

test('without a token, and with names that a cloud does not take, nothing is built', async () => {
  const { digitalocean_token: _, ...others } = variables;
  const { text, exitCode } = await validate(others, packer.template, ['-only=marketplace.digitalocean.*']);
  expect(exitCode).not.toBe(0);
  expect(text).toContain('api_token');
  const named = await validate({
    ...variables,
    image_name: 'My Image',
    image_version: 'v1',
    evidence_command: [],
  });
  expect(named.exitCode).not.toBe(0);
  expect(named.text).toContain('begin with a letter');
  expect(named.text).toContain('three numbers');
  expect(named.text).toContain('an image without its evidence');
});

test('no credential has a default: it comes from the environment, and is not shown', () => {
  const blocks = names.flatMap((cloud) => [...sourceOf(cloud).matchAll(/^variable "(\w+)" \{\n(.*?)^\}/gms)]);
  const secrets = blocks.filter(([, name]) => /secret|token|password|key/.test(name ?? ''));
  expect(secrets.map(([, name]) => name)).toEqual(['azure_client_secret', 'digitalocean_token']);
  for (const [, , body] of secrets) expect(body).toMatch(/default += env\("\w+"\)\n +sensitive += true/);
});

/** A field's name, or a block's with those inside it. */
type Field = string | Readonly<Record<string, readonly string[]>>;

/** Each field, those of a block as `block.field`. */
const named = (fields: readonly Field[]): string[] =>
  fields.flatMap((field) =>
    typeof field === 'string'
      ? [field]
      : Object.entries(field).flatMap(([block, inner]) => [
          block,
          ...inner.map((name) => `${block}.${name}`),
        ]),
  );

/** What a source sets, of files that are formatted: a block begins without an equals sign, the keys of a map are free. */
function fieldsOf(body: string): string[] {
  let block = '';
  return body.split('\n').flatMap((line) => {
    const [, indent, name = '', sign] = /^( {2}| {4})(\w+)(?: +(=)| \{)/.exec(line) ?? [];
    if (indent === undefined) return [];
    if (indent.length === 2) block = sign === undefined ? name : '';
    if (indent.length === 2) return [name];
    return block === '' ? [] : [`${block}.${name}`];
  });
}

test.each(names)('%s uses only fields that the current plugin documents too', (cloud) => {
  const current = parse(readFileSync(`${sources}/current-fields.yaml`, 'utf8')) as Record<string, Field[]>;
  const { type } = clouds[cloud];
  const [, body = ''] =
    new RegExp(`^source "${type}" "${cloud}" \\{\\n(.*?)^\\}`, 'ms').exec(sourceOf(cloud)) ?? [];
  const used = fieldsOf(body);
  expect(used.length).toBeGreaterThan(10);
  const known = named([...(current.every ?? []), ...(current[type] ?? [])]);
  expect(used.filter((field) => !known.includes(field))).toEqual([]);
});

test('a field inside a block is held to the table, the keys of a map are not', () => {
  const body =
    '  region = "x"\n  tags = {\n    Name = "y"\n  }\n  metadata_options {\n    http_token = "z"\n  }\n';
  expect(fieldsOf(body)).toEqual(['region', 'tags', 'metadata_options', 'metadata_options.http_token']);
});

test('every target that is a cloud has its source, and the one build has them all', () => {
  const files = readdirSync(sources).flatMap((name) => /^source-(\w+)\.pkr\.hcl$/.exec(name)?.[1] ?? []);
  expect(files.sort()).toEqual([...names].sort());
  const build = readFileSync(`${sources}/build.pkr.hcl`, 'utf8');
  for (const cloud of names) expect(build).toContain(`"source.${clouds[cloud].type}.${cloud}"`);
  expect(build.match(/^build \{/gm)).toHaveLength(1);
});

/** What a marketplace refuses an image for, said in a source: marketplace rule and field. */
test.each([
  ['azure', 'a disk as large as the offer promises', /os_disk_size_gb +=\s*30$/m],
  ['azure', 'a version that nobody gets before it is certified', /exclude_from_latest = true$/m],
  ['aws', 'the Region that the Marketplace reads', /region +=\s*"us-east-1"$/m],
  ['aws', 'no encrypted snapshot', /encrypt_boot +=\s*false$/m],
  ['aws', 'IMDSv2 only', /http_tokens +=\s*"required"$/m],
  ['gcp', "Google's own Ubuntu", /source_image_project_id = \["ubuntu-os-cloud"\]$/m],
  ['gcp', 'features of the guest', /"UEFI_COMPATIBLE", "GVNIC", "VIRTIO_SCSI_MULTIQUEUE", "SEV_CAPABLE"/],
  ['digitalocean', 'no agent', /droplet_agent +=\s*false$/m],
  ['digitalocean', 'no monitoring', /monitoring +=\s*false$/m],
])('%s: %s', (cloud, _rule, field) => {
  expect(sourceOf(cloud)).toMatch(field);
});
