import type { ContentPackage } from './content.ts';
import type { Counts } from './scoring.ts';
import type { RuleResult } from './xccdf.ts';

/** Which machine said what came of a rule. */
export type Origin = 'container' | 'vm';

/** The figures of one profile, as it stands or tailored. */
export interface ProfileScore {
  readonly rules: number;
  readonly results: Counts;
  /** Passed among passed and failed, in percent; faults of the content count neither way. */
  readonly ratio: number;
  /** The same with the faults of the content counted as failures. */
  readonly strictRatio: number;
  /** XCCDF's default score, 0 to 100. */
  readonly score: number;
}

/** A rule that speaks against the machine, or whose result is not what the tailoring expects. */
export interface Finding {
  readonly rule: string;
  readonly title: string;
  readonly severity: string;
  /** Undefined when the scan has no result for it. */
  readonly result: RuleResult | undefined;
  readonly why: string;
}

/** `cis-score.json`: what the judge found, for programs; `score-schema.ts` is its schema. */
export interface CisScore {
  readonly format: 1;
  /** The report's first line. */
  readonly how: string;
  readonly profile: string;
  readonly benchmark: { readonly id: string; readonly version: string };
  readonly content: readonly ContentPackage[];
  readonly scanner: string;
  readonly startedAt: string;
  readonly endedAt: string;
  /** `container` alone is no result for a release. */
  readonly scannedIn: 'vm' | 'container' | 'container-and-vm';
  readonly untailored: ProfileScore;
  readonly tailored: ProfileScore;
  readonly tailoredOut: readonly {
    readonly rule: string;
    readonly result: RuleResult;
    readonly reason: string;
  }[];
  readonly contentFaults: readonly {
    readonly rule: string;
    readonly result: RuleResult;
    readonly reason: string;
  }[];
  readonly findings: readonly Finding[];
  readonly rules: Readonly<Record<string, { readonly result: RuleResult; readonly origin: Origin }>>;
}
