/** The namespace of XCCDF 1.2, which both content and results are written in. */
export const XCCDF = 'http://checklists.nist.gov/xccdf/1.2';

const PREFIX = 'xccdf_org.ssgproject.content_';

/** `package_nginx_removed` of `xccdf_org.ssgproject.content_rule_package_nginx_removed`; other names stay. */
export function shortId(id: string): string {
  return id.replace(/^xccdf_org\.ssgproject\.content_(?:rule|profile|group)_/, '');
}

/** The name of a rule in the content. */
export function ruleId(short: string): string {
  return `${PREFIX}rule_${short}`;
}

/** The name of a profile in the content. */
export function profileId(short: string): string {
  return `${PREFIX}profile_${short}`;
}

/** The outcomes of a rule that XCCDF knows. */
export const RULE_RESULTS = [
  'pass',
  'fail',
  'error',
  'unknown',
  'notapplicable',
  'notchecked',
  'notselected',
  'informational',
  'fixed',
] as const;
export type RuleResult = (typeof RULE_RESULTS)[number];

/** A node of the benchmark's tree: a group with items below it, or a rule. Rules carry their short id. */
export interface Item {
  readonly id: string;
  readonly weight: number;
  /** Undefined for a rule. */
  readonly items?: readonly Item[];
}

export interface Rule {
  readonly title: string;
  readonly severity: string;
}

/** The catalogue that a scan goes by. */
export interface Benchmark {
  readonly id: string;
  readonly version: string;
  /** The day of its status, `2026-09-07`. */
  readonly date: string;
  /** Groups and rules in their order; the score is computed along this tree. */
  readonly items: readonly Item[];
  /** Every rule by its short id. */
  readonly rules: ReadonlyMap<string, Rule>;
  /** The rules that a profile selects, by the profile's short id. */
  readonly profiles: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What a scan said about one rule. */
export interface RuleOutcome {
  readonly result: RuleResult;
  readonly severity: string;
  readonly weight: number;
}

/** What came of one scan. */
export interface TestResult {
  /** Short id of the profile. */
  readonly profile: string;
  /** `OpenSCAP 1.4.2`. */
  readonly scanner: string;
  readonly startedAt: string;
  readonly endedAt: string;
  /** The default score as the scanner itself computed it. */
  readonly score: number;
  readonly outcomes: ReadonlyMap<string, RuleOutcome>;
}
