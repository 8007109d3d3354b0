import type { Disk, Guest, Outside, Subject } from './subject.ts';

/** What came of looking: what was seen, and what is wrong with it. Nothing wrong counts only because something was seen. */
export interface Finding {
  /** What was looked at, such as `31 accounts`. */
  readonly seen: string;
  readonly faults: readonly string[];
}

type Found = Finding | Promise<Finding>;

/** How one row is looked at, for each of its places. */
export interface Looks {
  readonly disk?: (disk: Disk, subject: Subject) => Found;
  readonly booted?: (guest: Guest, subject: Subject) => Found;
  readonly twins?: (guests: readonly [Guest, Guest], subject: Subject) => Found;
  readonly outside?: (outside: Outside, subject: Subject) => Found;
  readonly console?: (consoles: readonly string[], subject: Subject) => Found;
  readonly online?: (guest: Guest, subject: Subject) => Found;
  readonly evidence?: (subject: Subject) => Found;
  readonly repository?: (subject: Subject) => Found;
}

/** Rows by their id. */
export type LooksByRow = Readonly<Record<string, Looks>>;

/** A check that could not look; the message says why, and what would make it possible. */
export class NotRun extends Error {
  override readonly name = 'NotRun';
}

export function finding(seen: string, ...faults: (string | readonly string[])[]): Finding {
  return { seen, faults: faults.flat() };
}

/** The standard output of a command that has to succeed; one that does not makes the check `not-run`. */
export async function said(guest: Guest, command: string, input?: string): Promise<string> {
  const { code, stdout } = await guest.run(command, input);
  if (code !== 0) throw new NotRun(`'${command}' ended with ${code} in the machine`);
  return stdout.trim();
}

/** The same as lines, empty ones left out. */
export async function lines(guest: Guest, command: string, input?: string): Promise<string[]> {
  return (await said(guest, command, input)).split('\n').filter((line) => line.trim() !== '');
}
