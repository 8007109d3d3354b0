import type { ProgramResult } from '../appliance/index.ts';
import type { Check } from './check.ts';
import { exitCodes, type Operator } from './operator.ts';
import { runAsService } from './service-program.ts';

/**
 * Asks the gateway itself whether it would start with its configuration: same program, same user, same environment as
 * the service. Throws OperatorError before first boot has made that environment.
 */
export function runConfigCheck(operator: Operator): Promise<ProgramResult> {
  const { config } = operator.machine.facts.paths;
  return runAsService(operator, 'gateway.mjs', ['--check', '--config', config]);
}

/** `litellm-ctl config check`: passes on what the gateway says. */
export async function configCheck(operator: Operator, json: boolean): Promise<number> {
  const { exitCode, stdout, stderr } = await runConfigCheck(operator);
  const good = exitCode === 0;
  if (json) {
    const said = [stdout, stderr].filter((text) => text !== '').join('\n');
    const file = operator.machine.facts.paths.config;
    operator.write(`${JSON.stringify({ verdict: good ? 'good' : 'refused', file, said }, null, 2)}\n`);
  } else {
    if (stdout !== '') operator.write(`${stdout}\n`);
    if (stderr !== '') operator.writeError(`${stderr}\n`);
  }
  return good ? exitCodes.ok : exitCodes.problem;
}

/** The same as one line of the status. */
export async function checkConfig(operator: Operator): Promise<Check> {
  const name = 'config';
  const { serviceEnv, config } = operator.machine.facts.paths;
  if (!operator.machine.fs.existsSync(serviceEnv))
    return { name, state: 'waiting', detail: 'waits for first boot' };
  const { exitCode, stdout, stderr } = await runConfigCheck(operator);
  if (exitCode === 0) return { name, state: 'ok', detail: `${config} is good` };
  const said = (stderr || stdout).trim();
  return {
    name,
    state: 'problem',
    detail: said,
    remedy: `correct ${config}, then: systemctl restart litellm`,
  };
}
