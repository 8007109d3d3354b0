import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject } from 'ajv';
import { parse } from 'yaml';
import { deepFreeze } from './deep-freeze.ts';
import { FactsError } from './facts-error.ts';
import { type ListingFacts, listingSchema } from './listing-facts.ts';
import { record } from './record-schema.ts';

/** Who hardens an image: our own role alone, or ansible-lockdown's before it. */
export const cisEngines = ['own', 'lockdown'] as const;
export type CisEngine = (typeof cisEngines)[number];

/** How the first admin password of a machine is made. */
export type AdminPasswordRule = 'random' | 'instance-id';

/** Whether root may come in over SSH: never, or with a key alone. sshd's own words. */
export type SshRootLogin = 'no' | 'prohibit-password';

export interface CloudImageSource {
  readonly kind: 'cloud-image';
  /** Dated URL of the image; SHA256SUMS and its signature lie beside it. */
  readonly url: string;
  /** Keyring on the build host that signed SHA256SUMS. */
  readonly keyring: string;
}

export interface BootstrapSource {
  readonly kind: 'bootstrap';
}

/** A distribution release that an image is made from, and the versions it brings. */
export interface BaseFacts {
  readonly suite: string;
  /** PostgreSQL server major. */
  readonly postgresql: number;
  /** nginx `major.minor`. */
  readonly nginx: string;
  /** Python `major.minor`, what Ansible meets in the machine. */
  readonly python: string;
  /** Its name in the SCAP Security Guide, which judges the hardening. */
  readonly scap: string;
  /** The values of CIS_ENGINE that it can be hardened with. */
  readonly cisEngines: readonly CisEngine[];
  /** Packages that a target wants on its machines, by the target's name; one that wants none is not in it. */
  readonly agents: Readonly<Record<string, readonly string[]>>;
  readonly source: CloudImageSource | BootstrapSource;
}

export interface ImageFacts {
  /** Size that the machine sees; it grows to what the cloud gives at its first boot. */
  readonly diskGiB: number;
}

export interface TargetFacts {
  readonly adminPassword: AdminPasswordRule;
  readonly sshRootLogin: SshRootLogin;
  /** After so long without a word sshd asks whether the client is still there. */
  readonly sshKeepAliveSeconds: number;
  /** What the kernel is told besides what every machine's is. */
  readonly kernelArguments: readonly string[];
  /** Names or addresses to take the time from; none: those of the base. */
  readonly timeServers: readonly string[];
  /** Of cloud-init, by its own names, in the order in which they are tried. */
  readonly datasources: readonly string[];
}

export interface Paths {
  readonly credentials: string;
  readonly config: string;
  readonly providersEnv: string;
  readonly serviceEnv: string;
  readonly databaseEnv: string;
  readonly tls: string;
  readonly program: string;
  readonly machineFacts: string;
  readonly state: string;
  readonly firstbootState: string;
  readonly spendState: string;
  readonly runtime: string;
  readonly firstbootRuntime: string;
  readonly operator: string;
  readonly edgeSite: string;
  readonly edgeIncludes: string;
  readonly egress: string;
  readonly egressRules: string;
  readonly access: string;
  readonly bans: string;
  readonly banExemptions: string;
}

/** What bases and machines have in common: the part of the facts that does not depend on a base or a target. */
export interface ProductFacts {
  readonly name: string;
  readonly version: string;
  readonly vendor: { readonly name: string; readonly directory: string };
  readonly users: { readonly service: string; readonly owner: string; readonly admin: string };
  readonly database: string;
  readonly ports: {
    readonly ssh: number;
    readonly http: number;
    readonly https: number;
    readonly gateway: number;
    readonly postgresql: number;
  };
  readonly paths: Paths;
}

/** Who publishes images, as everybody may know him. */
export interface PublisherFacts {
  /** PEM of the public key that releases are signed with: ECDSA over P-256. */
  readonly publicKey: string;
}

/** The whole of appliance.yaml. */
export interface Facts extends ProductFacts {
  /** Without it images can be made and rehearsed, and not released. */
  readonly publisher?: PublisherFacts;
  /** Without it, or with example addresses, an image can be released, and not published. */
  readonly listing?: ListingFacts;
  readonly image: ImageFacts;
  readonly bases: Readonly<Record<string, BaseFacts>>;
  readonly targets: Readonly<Record<string, TargetFacts>>;
}

const text = { type: 'string', minLength: 1 } as const;
const port = { type: 'integer', minimum: 1, maximum: 65535 } as const;
const userName = { type: 'string', pattern: '^[a-z_][a-z0-9_-]{0,30}$' } as const;
const absolutePath = { type: 'string', pattern: '^/[^\\s]+$' } as const;
/** As Debian's policy has it, 5.6.7. */
export const packageNames = {
  type: 'array',
  uniqueItems: true,
  items: { type: 'string', pattern: '^[a-z0-9][a-z0-9+.-]+$' },
} as const;
const majorMinor = { type: 'string', pattern: '^\\d+\\.\\d+$' } as const;

export const productSchemas = {
  name: { type: 'string', pattern: '^[a-z][a-z0-9-]*$' },
  version: { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+(-[0-9A-Za-z.]+)?$' },
  vendor: record({ name: text, directory: { type: 'string', pattern: '^[a-z][a-z0-9-]*$' } }),
  users: record({ service: userName, owner: userName, admin: userName }),
  database: userName,
  ports: record({ ssh: port, http: port, https: port, gateway: port, postgresql: port }),
  paths: record({
    credentials: absolutePath,
    config: absolutePath,
    providersEnv: absolutePath,
    serviceEnv: absolutePath,
    databaseEnv: absolutePath,
    tls: absolutePath,
    program: absolutePath,
    machineFacts: absolutePath,
    state: absolutePath,
    firstbootState: absolutePath,
    spendState: absolutePath,
    runtime: absolutePath,
    firstbootRuntime: absolutePath,
    operator: absolutePath,
    edgeSite: absolutePath,
    edgeIncludes: absolutePath,
    egress: absolutePath,
    egressRules: absolutePath,
    access: absolutePath,
    bans: absolutePath,
    banExemptions: absolutePath,
  }),
} as const;

const base = record({
  suite: { type: 'string', pattern: '^[a-z]+$' },
  postgresql: { type: 'integer', minimum: 13, maximum: 30 },
  nginx: majorMinor,
  python: majorMinor,
  scap: { type: 'string', pattern: '^[a-z]+\\d+$' },
  cisEngines: { type: 'array', minItems: 1, uniqueItems: true, items: { enum: cisEngines } },
  agents: { type: 'object', additionalProperties: packageNames },
  source: {
    type: 'object',
    required: ['kind'],
    discriminator: { propertyName: 'kind' },
    oneOf: [
      record({
        kind: { const: 'cloud-image' },
        url: { type: 'string', pattern: '^https://.+/release-\\d{8}/[^/]+$' },
        keyring: absolutePath,
      }),
      record({ kind: { const: 'bootstrap' } }),
    ],
  },
});

/** What differs between targets; a machine knows the values of its own. */
export const targetSchemas = {
  adminPassword: { enum: ['random', 'instance-id'] },
  sshRootLogin: { enum: ['no', 'prohibit-password'] },
  sshKeepAliveSeconds: { type: 'integer', minimum: 30, maximum: 235 },
  kernelArguments: { type: 'array', items: { type: 'string', pattern: '^[\\w.]+(=[\\w.,:/-]+)?$' } },
  timeServers: { type: 'array', items: { type: 'string', pattern: '^[\\w.:-]+$' } },
  datasources: { type: 'array', items: { type: 'string', pattern: '^\\w+$' }, minItems: 1 },
} as const;

const pem = {
  type: 'string',
  pattern: '^-----BEGIN PUBLIC KEY-----\\n[A-Za-z0-9+/=\\n]+-----END PUBLIC KEY-----\\n$',
};

const required = record({
  ...productSchemas,
  image: record({ diskGiB: { type: 'integer', minimum: 2, maximum: 64 } }),
  bases: { type: 'object', minProperties: 1, additionalProperties: base },
  targets: {
    type: 'object',
    minProperties: 1,
    additionalProperties: record(targetSchemas),
  },
});
const schema = {
  ...required,
  properties: { ...required.properties, publisher: record({ publicKey: pem }), listing: listingSchema },
};

function describe(error: ErrorObject): string {
  const at = error.instancePath === '' ? 'the document' : error.instancePath.slice(1).replaceAll('/', '.');
  switch (error.keyword) {
    case 'additionalProperties':
      return `${at}: '${error.params.additionalProperty}' is not a fact; remove it or correct its spelling`;
    case 'required':
      return `${at}: '${error.params.missingProperty}' is missing; add it`;
    case 'enum':
      return `${at}: must be one of ${(error.params.allowedValues as unknown[]).join(', ')}`;
    case 'pattern':
      return `${at}: must match ${error.params.pattern}`;
    default:
      return `${at}: ${error.message ?? error.keyword}`;
  }
}

/**
 * Checks `value` against a JSON schema and returns it typed and deeply frozen.
 * Throws FactsError naming every wrong path and what would be right.
 */
export function checked<T>(value: unknown, jsonSchema: object, source: string): T {
  // The schemas are ours and strict mode judges their keywords; the schema of schemas would take most of a program's start.
  const ajv = new Ajv({ allErrors: true, discriminator: true, strictTypes: false, validateSchema: false });
  const validate = ajv.compile<T>(jsonSchema);
  if (!validate(value)) {
    const faults = [...new Set((validate.errors ?? []).map(describe))];
    throw new FactsError(`${source}: ${faults.join('; ')}`);
  }
  return deepFreeze(value);
}

/** Parses the text of appliance.yaml. Throws FactsError when it is not YAML or holds a wrong value. */
export function parseFacts(yamlText: string, source = 'appliance.yaml'): Facts {
  let value: unknown;
  try {
    value = parse(yamlText);
  } catch (cause) {
    throw new FactsError(`${source}: not readable as YAML: ${(cause as Error).message}`, { cause });
  }
  return checked<Facts>(value, schema, source);
}

/** Reads the repository's appliance.yaml. */
export function readFacts(path: string | URL = new URL('../appliance.yaml', import.meta.url)): Facts {
  return parseFacts(readFileSync(path, 'utf8'), 'appliance.yaml');
}
