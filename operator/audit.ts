import { join } from 'node:path';
import type { ProgramResult } from '../appliance/index.ts';
import type { Operator } from './operator.ts';
import { runAsService, tellProgram } from './service-program.ts';

export interface AuditOptions {
  readonly json: boolean;
  /** An export; unset: the database. */
  readonly file?: string;
  /** A head that was kept elsewhere. */
  readonly head?: string;
  /** The head before the oldest row. */
  readonly after?: string;
}

function check(operator: Operator, { json, file, head, after }: AuditOptions): Promise<ProgramResult> {
  const { facts, run } = operator.machine;
  const options = [
    ...(head === undefined ? [] : ['--head', head]),
    ...(after === undefined ? [] : ['--after', after]),
    ...(json ? ['--json'] : []),
  ];
  if (file === undefined) return runAsService(operator, 'migrate.mjs', ['audit', ...options]);
  // Only root may be able to read it, and nothing but the file is read.
  const { program } = facts.paths;
  return run(join(program, 'bin/node'), [join(program, 'migrate.mjs'), 'audit', ...options, '--', file]);
}

/** `litellm-ctl audit verify`: whether the chain of the audit log holds, as the gateway's own program says it. */
export async function auditVerify(operator: Operator, options: AuditOptions): Promise<number> {
  return tellProgram(operator, await check(operator, options));
}
