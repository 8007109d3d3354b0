import { existsSync, readFileSync, rmSync } from 'node:fs';
import { places } from '../places.ts';

/** Where QEMU writes its process id; one build machine per checkout. */
export const pidFile = `${places.cache}/vm-driver.pid`;

/** Ends the virtual machine of an earlier bake that was kept, or whose Packer was killed. */
export function endLeftover(path: string = pidFile): void {
  if (!existsSync(path)) return;
  const pid = Number(readFileSync(path, 'utf8').trim());
  if (commandLineOf(pid).includes(path)) process.kill(pid, 'SIGKILL');
  rmSync(path, { force: true });
}

function commandLineOf(pid: number): string[] {
  const file = `/proc/${pid}/cmdline`;
  return Number.isInteger(pid) && existsSync(file) ? readFileSync(file, 'utf8').split('\0') : [];
}
