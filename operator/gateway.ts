import type { Check } from './check.ts';
import type { Operator } from './operator.ts';

const NAME = 'gateway';

/** Whether the gateway takes calls. While it does not, its unit tells whether that is a problem. */
export async function checkGateway(operator: Operator): Promise<Check> {
  let status: number;
  try {
    status = await operator.readiness();
  } catch (error) {
    return { name: NAME, state: 'waiting', detail: `does not answer: ${(error as Error).message}` };
  }
  if (status === 200) return { name: NAME, state: 'ok', detail: 'takes calls' };
  if (status === 503) return { name: NAME, state: 'waiting', detail: 'runs, but is not ready (status 503)' };
  return {
    name: NAME,
    state: 'problem',
    detail: `answers its readiness with status ${status}`,
    remedy: 'journalctl -b -u litellm.service',
  };
}
