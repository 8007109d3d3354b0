import { Ajv } from 'ajv';
import { NotRun } from './not-run.ts';
import { SEVERITIES, type Severity } from './policy.ts';

/** What is used of a report of Trivy (its schema 2): the packages it knows and what it has against them. */
export interface TrivyReport {
  readonly SchemaVersion: 2;
  readonly ArtifactName: string;
  readonly Metadata?: { readonly OS?: { readonly Family: string; readonly Name: string } };
  readonly Results?: readonly TrivyResult[] | null;
}

export interface TrivyResult {
  readonly Target: string;
  readonly Class?: string;
  readonly Type?: string;
  readonly Packages?: readonly TrivyPackage[] | null;
  readonly Vulnerabilities?: readonly TrivyVulnerability[] | null;
  readonly Secrets?: readonly TrivySecret[] | null;
}

export interface TrivyPackage {
  readonly Name: string;
  readonly Version?: string;
  readonly Release?: string;
  readonly Epoch?: number;
  /** The source package that a Debian package was built from. */
  readonly SrcName?: string;
}

export interface TrivyVulnerability {
  readonly VulnerabilityID: string;
  readonly PkgName: string;
  readonly InstalledVersion: string;
  readonly FixedVersion?: string;
  readonly Severity: Severity;
  readonly Title?: string;
  readonly PrimaryURL?: string;
}

/** A find of the secret scanner. What it matched is left out on purpose: it must not come into any evidence. */
export interface TrivySecret {
  readonly RuleID: string;
  readonly StartLine: number;
}

const text = { type: 'string' } as const;
const filled = { type: 'string', minLength: 1 } as const;
const list = (items: object) => ({ type: ['array', 'null'], items }) as const;
const object = (required: string[], properties: Record<string, object>) =>
  ({ type: 'object', required, properties }) as const;

const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile<TrivyReport>(
  object(['SchemaVersion', 'ArtifactName'], {
    SchemaVersion: { const: 2 },
    ArtifactName: filled,
    Metadata: object([], { OS: object(['Family', 'Name'], { Family: filled, Name: filled }) }),
    Results: list(
      object(['Target'], {
        Target: text,
        Class: text,
        Type: text,
        Packages: list(
          object(['Name'], {
            Name: filled,
            Version: text,
            Release: text,
            Epoch: { type: 'integer' },
            SrcName: text,
          }),
        ),
        Vulnerabilities: list(
          object(['VulnerabilityID', 'PkgName', 'InstalledVersion', 'Severity'], {
            VulnerabilityID: filled,
            PkgName: filled,
            InstalledVersion: filled,
            FixedVersion: text,
            Severity: { enum: SEVERITIES },
            Title: text,
            PrimaryURL: text,
          }),
        ),
        Secrets: list(object(['RuleID', 'StartLine'], { RuleID: filled, StartLine: { type: 'integer' } })),
      }),
    ),
  }),
);

/** `found` as a report of Trivy. Throws NotRun when it is not one. */
export function readTrivyReport(found: unknown): TrivyReport {
  if (validate(found)) return found;
  const [fault] = validate.errors ?? [];
  throw new NotRun(
    `Trivy's report is not of the known form: ${fault?.instancePath || 'the document'} ${fault?.message}`,
  );
}

/** The version of a package as dpkg or npm write it. */
export function versionOf({ Epoch = 0, Version = '', Release = '' }: TrivyPackage): string {
  return `${Epoch === 0 ? '' : `${Epoch}:`}${Version}${Release === '' ? '' : `-${Release}`}`;
}

export function resultsOf({ Results }: TrivyReport): readonly TrivyResult[] {
  return Results ?? [];
}
