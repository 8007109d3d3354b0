import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv, type ErrorObject } from 'ajv';
import { parse } from 'yaml';
import { record } from '../../appliance/index.ts';
import { Failure } from '../../packer/index.ts';

export const SEVERITIES = ['UNKNOWN', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** One vulnerability of one package that the publisher has judged; the words of state and reason are CycloneDX's. */
export interface Exception {
  readonly id: string;
  readonly package: string;
  readonly state: 'not_affected' | 'exploitable';
  readonly justification?: string;
  readonly response?: string;
  readonly reason: string;
  /** The last day, `YYYY-MM-DD`, UTC. */
  readonly expires: string;
}

/** A file in which one rule of the secret scanner may find something. */
export interface AllowedSecret {
  readonly path: string;
  readonly rule: string;
  readonly reason: string;
}

/** The whole of policy.yaml. */
export interface Policy {
  readonly vulnerabilities: {
    readonly fail: readonly Severity[];
    readonly databaseMaxAgeDays: number;
    readonly exceptions: readonly Exception[];
  };
  readonly malware: { readonly databaseMaxAgeDays: number };
  readonly secrets: {
    readonly image: readonly AllowedSecret[];
    readonly repository: readonly AllowedSecret[];
  };
}

const text = { type: 'string', minLength: 1 } as const;
const sentence = { type: 'string', minLength: 10 } as const;
const days = { type: 'number', exclusiveMinimum: 0, maximum: 30 } as const;
const allowed = { type: 'array', items: record({ path: text, rule: text, reason: sentence }) } as const;

const exception = {
  ...record(
    {
      id: { type: 'string', pattern: '^[A-Z][A-Za-z0-9]*-[A-Za-z0-9-]+$' },
      package: text,
      state: { enum: ['not_affected', 'exploitable'] },
      reason: sentence,
      expires: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\d$' },
    },
    {
      justification: {
        enum: [
          'code_not_present',
          'code_not_reachable',
          'requires_configuration',
          'requires_dependency',
          'requires_environment',
          'protected_by_compiler',
          'protected_at_runtime',
          'protected_at_perimeter',
          'protected_by_mitigating_control',
        ],
      },
      response: { enum: ['can_not_fix', 'will_not_fix', 'update', 'rollback', 'workaround_available'] },
    },
  ),
  if: { properties: { state: { const: 'not_affected' } } },
  // biome-ignore lint/suspicious/noThenProperty: JSON Schema's word
  then: { required: ['justification'] },
  else: { required: ['response'] },
};

const validate = new Ajv({ allErrors: true, strictRequired: false }).compile<Policy>(
  record({
    vulnerabilities: record({
      fail: { type: 'array', minItems: 1, uniqueItems: true, items: { enum: SEVERITIES } },
      databaseMaxAgeDays: days,
      exceptions: { type: 'array', items: exception },
    }),
    malware: record({ databaseMaxAgeDays: days }),
    secrets: record({ image: allowed, repository: allowed }),
  }),
);

export const policyFile = fileURLToPath(new URL('policy.yaml', import.meta.url));

/** The policy of this repository. Throws Failure that names each fault. */
export function readPolicy(file = policyFile): Policy {
  return parsePolicy(readFileSync(file, 'utf8'), file);
}

/** The policy in `yaml`, which came from `file`. */
export function parsePolicy(yaml: string, file = policyFile): Policy {
  const found: unknown = parse(yaml);
  const faults = validate(found) ? dateFaults(found) : (validate.errors ?? []).map(describe);
  if (faults.length > 0 || !validate(found)) {
    throw new Failure(`${file}:\n${faults.join('\n')}`, 'correct the policy; nothing was scanned');
  }
  return found;
}

function describe({ instancePath, message, params }: ErrorObject): string {
  const extra = params.additionalProperty ?? params.allowedValues?.join(', ');
  return `  ${instancePath || '/'} ${message}${extra === undefined ? '' : `: ${extra}`}`;
}

function dateFaults({ vulnerabilities }: Policy): string[] {
  return vulnerabilities.exceptions
    .filter(({ expires }) => Number.isNaN(Date.parse(expires)))
    .map(({ id, expires }) => `  the exception ${id} ends on ${expires}, which is no day`);
}
