import { readFileSync } from 'node:fs';

/** The variable that sshd gives to a session: address and port of the client, address and port here. */
const CONNECTION = /(?:^|\0)SSH_CONNECTION=([^ \0]+) /;

function parentOf(pid: number): number {
  // The name, in parentheses, may hold anything; the parent is the second field after it.
  const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(')').at(-1) ?? '';
  return Number(afterName.trim().split(' ')[1]);
}

/**
 * Address of the SSH client in whose session a process runs: sudo takes the variable away, so it is looked for in the
 * processes above as well. undefined where none has it.
 */
export function sshClientAddress(pid: number): string | undefined {
  for (let current = pid; current > 1; current = parentOf(current)) {
    const found = CONNECTION.exec(readFileSync(`/proc/${current}/environ`, 'latin1'))?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}
