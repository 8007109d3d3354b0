import type { CheckResult } from '../check-result.ts';
import { readSignedEvidence } from '../evidence/signed-evidence.ts';
import { type Finding, finding, NotRun } from './look.ts';
import type { Subject } from './subject.ts';

/** What a check of the bake came to, from the signed evidence; one that did not run there has not run here either. */
export function checkOf(subject: Subject, id: string): Finding {
  const result = resultOf(subject, id);
  switch (result?.status) {
    case 'passed':
      return finding(`${id}: ${result.detail}`);
    case 'failed':
      return finding(id, `${id}: ${result.detail}`);
    case 'not-run':
      throw new NotRun(`${id}: ${result.detail}`);
    case undefined:
      throw new NotRun(`the evidence holds no result of ${id}`);
  }
}

function resultOf({ directory, publicKey }: Subject, id: string): CheckResult | undefined {
  return readSignedEvidence(directory, publicKey).checks.find((check) => check.id === id);
}
