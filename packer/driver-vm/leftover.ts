import { existsSync, readFileSync, rmSync } from 'node:fs';

/** Where QEMU writes its process id: in the directory of the build that its machine is for. */
export const pidFileIn = (work: string): string => `${work}/machine.pid`;

/**
 * Ends the virtual machine of an earlier build in this directory, which was kept, or whose Packer was killed. The machines of
 * other builds are let be: one may be at work.
 */
export function endLeftover(work: string): void {
  const path = pidFileIn(work);
  if (!existsSync(path)) return;
  const pid = Number(readFileSync(path, 'utf8').trim());
  if (commandLineOf(pid).includes(path)) process.kill(pid, 'SIGKILL');
  rmSync(path, { force: true });
}

function commandLineOf(pid: number): string[] {
  const file = `/proc/${pid}/cmdline`;
  return Number.isInteger(pid) && existsSync(file) ? readFileSync(file, 'utf8').split('\0') : [];
}
