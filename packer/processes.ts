import { readdirSync, readFileSync } from 'node:fs';

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

/** When a process was started, in ticks since the boot; with its id this names it for good. Undefined when it is gone. */
export function startOf(pid: number): string | undefined {
  // The second field is the program's name in parentheses and may hold anything, so count behind it.
  const behindName = readProc(pid, 'stat')?.split(') ').at(-1)?.split(' ');
  return behindName?.[0] === 'Z' ? undefined : behindName?.[19];
}

/** The systemd-nspawn processes that run the machine `name`. */
export function nspawnsOf(name: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      const args = readProc(pid, 'cmdline')?.split('\0') ?? [];
      return args[0]?.endsWith('systemd-nspawn') === true && args.includes(`--machine=${name}`);
    });
}
