import { closeSync, openSync, rmSync } from 'node:fs';
import { flag, parsed, UsageError } from './arguments.ts';
import { exitCodes, type Operator, OperatorError } from './operator.ts';
import { runAsOwner, tellProgram } from './service-program.ts';

/** Rows of a person with a few million of them. */
const TIMEOUT_MS = 12 * 60 * 60_000;

interface PersonalDataOptions {
  /** `--user ID` or `--customer ID`, as the program takes it. */
  readonly whose: readonly string[];
  /** Where the export goes; undefined for a deletion. */
  readonly file: string | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Opens a file that nobody but root reads, and that is not there yet. */
function openNew(file: string): number {
  try {
    return openSync(file, 'wx', 0o600);
  } catch (cause) {
    throw new OperatorError(`${file}: ${(cause as Error).message}`, 'name a file that does not exist yet', {
      cause,
    });
  }
}

async function exportTo(
  operator: Operator,
  file: string,
  { whose, json }: Pick<PersonalDataOptions, 'whose' | 'json'>,
): Promise<number> {
  const fd = openNew(file);
  try {
    const args = ['personal-data', 'export', ...whose, '--fd', '3'];
    const { exitCode, stderr } = await runAsOwner(operator, args, { timeoutMs: TIMEOUT_MS, sharedFile: fd });
    if (exitCode === 0) {
      operator.write(
        json
          ? `${JSON.stringify({ file }, null, 2)}\n`
          : `${file} holds all that is kept of the person; look through it before you hand it over\n`,
      );
      return exitCodes.ok;
    }
    rmSync(file);
    operator.writeError(`${stderr}\n`);
    return exitCodes.problem;
  } finally {
    closeSync(fd);
  }
}

async function erase(operator: Operator, { whose, dryRun, json }: PersonalDataOptions): Promise<number> {
  const options = [...(dryRun ? ['--dry-run'] : []), ...(json ? ['--json'] : [])];
  const args = ['personal-data', 'delete', ...whose, ...options];
  return tellProgram(operator, await runAsOwner(operator, args, { timeoutMs: TIMEOUT_MS }));
}

function optionsOf(args: readonly string[]): PersonalDataOptions {
  const text = { type: 'string' } as const;
  const options = { user: text, customer: text, 'dry-run': flag, json: flag } as const;
  const { values, positionals } = parsed({ args: [...args], options, allowPositionals: true });
  const [verb, file, more] = positionals;
  if (verb !== 'export' && verb !== 'delete') {
    throw new UsageError("write 'litellm-ctl personal-data export' or 'litellm-ctl personal-data delete'");
  }
  const { user, customer, json } = values;
  if (Boolean(user) === Boolean(customer))
    throw new UsageError('name one person, by --user or by --customer');
  if ((verb === 'export') !== (file !== undefined) || more !== undefined) {
    throw new UsageError(verb === 'export' ? 'name one file for the export' : `'${file}' is a word too many`);
  }
  if (verb === 'export' && values['dry-run'])
    throw new UsageError('--dry-run has nothing to do with an export');
  const whose = user ? [`--user=${user}`] : [`--customer=${customer}`];
  return { whose, file, dryRun: values['dry-run'], json };
}

/** `litellm-ctl personal-data`: what its words ask for. Throws UsageError. */
export function personalDataCommand(args: readonly string[]): (operator: Operator) => Promise<number> {
  const options = optionsOf(args);
  const { file } = options;
  return (operator) => (file === undefined ? erase(operator, options) : exportTo(operator, file, options));
}
