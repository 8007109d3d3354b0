import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject } from 'ajv';
import { parse } from 'yaml';
import { record } from '../../appliance/index.ts';
import { Failure } from '../../packer/index.ts';
import type { RuleResult } from './xccdf.ts';

/** How many rules may be left out for every machine; more would no longer be the profile. */
export const MOST_TAILORED = 11;

/** A rule of the profile that the machine does not follow. */
export interface TailoredRule {
  /** Short id, as the SCAP Security Guide names it. */
  readonly rule: string;
  readonly decision: 'tailored-out';
  readonly reason: string;
  /** What protects the machine instead. */
  readonly compensation: string;
  /** The targets that force it; absent where it holds for all of them. */
  readonly targets?: readonly string[];
}

/** A rule that the content cannot judge: its result says nothing about the machine. */
export interface ContentFault {
  readonly rule: string;
  /** The result that it has, and no other. */
  readonly result: Extract<RuleResult, 'error' | 'unknown' | 'notchecked'>;
  readonly reason: string;
}

export interface Tailoring {
  /** Short id of the profile that is tailored. */
  readonly profile: string;
  readonly rules: readonly TailoredRule[];
  readonly contentFaults: readonly ContentFault[];
}

/** What the tailoring is checked against. */
export interface Known {
  readonly targets: readonly string[];
  /** The rules that a profile selects, by the content's product; undefined for a profile that it does not have. */
  readonly selected: (profile: string) => ReadonlyMap<string, ReadonlySet<string>>;
}

const sentence = { type: 'string', minLength: 10 } as const;
const rule = {
  type: 'string',
  pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$',
  not: { pattern: '^xccdf_' },
} as const;

function schemaFor(targets: readonly string[]): object {
  return record({
    profile: { type: 'string', pattern: '^[a-z0-9_]+$' },
    rules: {
      type: 'array',
      items: record(
        { rule, decision: { enum: ['tailored-out'] }, reason: sentence, compensation: sentence },
        { targets: { type: 'array', minItems: 1, uniqueItems: true, items: { enum: targets } } },
      ),
    },
    'content-faults': {
      type: 'array',
      items: record({ rule, result: { enum: ['error', 'unknown', 'notchecked'] }, reason: sentence }),
    },
  });
}

/** The file as it stands. */
interface Written {
  readonly profile: string;
  readonly rules: readonly TailoredRule[];
  readonly 'content-faults': readonly ContentFault[];
}

/** Parses a tailoring. Throws Failure that names every wrong path and what would be right. */
export function parseTailoring(yamlText: string, known: Known, source = 'tailoring.yaml'): Tailoring {
  const remedy = `correct ${source}`;
  let value: unknown;
  try {
    value = parse(yamlText);
  } catch (cause) {
    throw new Failure(`${source} is not readable as YAML: ${(cause as Error).message}`, remedy, { cause });
  }
  const validate = new Ajv({ allErrors: true }).compile<Written>(schemaFor(known.targets));
  const faults = validate(value)
    ? contradictions(value, known)
    : [...new Set((validate.errors ?? []).filter(({ keyword }) => keyword !== 'if').map(describe))];
  if (faults.length > 0) throw new Failure(`${source}: ${faults.join('; ')}`, remedy);
  const { profile, rules, 'content-faults': contentFaults } = value as Written;
  return { profile, rules, contentFaults };
}

/** Reads the repository's tailoring. */
export function readTailoring(known: Known): Tailoring {
  return parseTailoring(
    readFileSync(new URL('tailoring.yaml', import.meta.url), 'utf8'),
    known,
    'sbom/cis/tailoring.yaml',
  );
}

/** The rules that are left out on machines of one target. */
export function tailoredOut({ rules }: Tailoring, target: string): readonly TailoredRule[] {
  return rules.filter(({ targets }) => targets === undefined || targets.includes(target));
}

function contradictions(written: Written, { selected }: Known): string[] {
  const { profile, rules, 'content-faults': contentFaults } = written;
  const products = selected(profile);
  if (products.size === 0) return [`profile: no content has '${profile}'; name one of its profiles`];
  const faults: string[] = [];
  const everywhere = rules.filter(({ targets }) => targets === undefined).length;
  if (everywhere > MOST_TAILORED) {
    faults.push(
      `rules: ${everywhere} are left out for every target, at most ${MOST_TAILORED} may be; follow the others, or name the targets that force them`,
    );
  }
  const at = [
    ...rules.map(({ rule: id }, index) => [id, `rules.${index}.rule`] as const),
    ...contentFaults.map(({ rule: id }, index) => [id, `content-faults.${index}.rule`] as const),
  ];
  const seen = new Map<string, string>();
  for (const [id, path] of at) {
    const first = seen.get(id);
    if (first !== undefined) faults.push(`${path}: '${id}' stands at ${first} already; keep one of them`);
    else if (![...products.values()].some((ids) => ids.has(id)))
      faults.push(
        `${path}: the profile ${profile} does not select '${id}'; correct its spelling or remove it`,
      );
    seen.set(id, first ?? path);
  }
  return faults;
}

function describe(error: ErrorObject): string {
  const at = error.instancePath === '' ? 'the document' : error.instancePath.slice(1).replaceAll('/', '.');
  switch (error.keyword) {
    case 'additionalProperties':
      return `${at}: '${error.params.additionalProperty}' is not known; remove it or correct its spelling`;
    case 'required':
      return `${at}: '${error.params.missingProperty}' is missing; add it`;
    case 'enum':
      return `${at}: must be one of ${(error.params.allowedValues as unknown[]).join(', ')}`;
    case 'not':
      return `${at}: must be the short id, without xccdf_org.ssgproject.content_rule_`;
    default:
      return `${at}: ${error.message ?? error.keyword}`;
  }
}
