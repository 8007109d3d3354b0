import { type Operator, OperatorError } from './operator.ts';

/** Throws OperatorError with what the program complains about, when it does not accept its configuration. */
export async function accepted(
  { machine }: Operator,
  program: string,
  args: readonly string[],
): Promise<void> {
  const { exitCode, stdout, stderr } = await machine.run(program, args);
  if (exitCode === 0) return;
  throw new OperatorError(
    `${program} does not take this configuration, so all is as it was: ${(stderr || stdout).trim()}`,
    `see what is wrong besides: ${[program, ...args].join(' ')}`,
  );
}

/** Throws OperatorError where there is nothing yet that could be changed. */
export function requireFirstBoot({ machine: { fs, facts } }: Operator): void {
  if (fs.existsSync(facts.paths.firstbootState)) return;
  throw new OperatorError(
    `${facts.paths.firstbootState} does not exist: first boot has not begun`,
    'litellm-ctl status --wait',
  );
}
