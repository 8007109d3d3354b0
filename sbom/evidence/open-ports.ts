import type { CheckResult } from '../check-result.ts';
import { type Listener, LOOPBACK, listeners } from '../checklist/listeners.ts';
import type { Guest } from '../checklist/subject.ts';

/** Everything that listens in a machine, for the evidence, and whether others reach no more than they should. */
export async function readOpenPorts(
  guest: Guest,
  allowed: readonly number[],
  now: Date,
): Promise<{ readonly json: string; readonly check: CheckResult }> {
  const at = now.toISOString();
  try {
    const found = await listeners(guest);
    const strays = found.filter((listener) => isStray(listener, allowed));
    const described = strays
      .map(({ protocol, address, port }) => `${protocol} ${address}:${port}`)
      .join(', ');
    const check: CheckResult =
      strays.length === 0
        ? { id: 'ports', status: 'passed', detail: `${found.length} listeners`, at }
        : { id: 'ports', status: 'failed', detail: `open to others: ${described}`, at };
    return { json: `${JSON.stringify(found, null, 2)}\n`, check };
  } catch (error) {
    return { json: '[]\n', check: { id: 'ports', status: 'not-run', detail: (error as Error).message, at } };
  }
}

function isStray({ protocol, address, port }: Listener, allowed: readonly number[]): boolean {
  return protocol === 'tcp' && !LOOPBACK.test(address) && !allowed.includes(port);
}
