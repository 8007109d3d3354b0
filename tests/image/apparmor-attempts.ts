import { quote } from 'zx';
import type { Machine } from '../../packer/index.ts';

/** A forbidden act, as Perl: it runs as root, so that nothing but the profile stands in its way. */
export interface Attempt {
  readonly act: string;
  readonly script: string;
  /** What the kernel's line about it says. */
  readonly logged: RegExp;
}

const LOCAL = '/etc/apparmor.d/local';
/** Lets the interpreter itself run in a profile and nothing more. */
const INTERPRETER = '/usr/bin/perl mr,\ninclude <abstractions/perl>\n';

/** Prints what `denials` returns. */
const DENIALS = `cat $(ls -tr /var/log/audit/audit.log*) | { grep -a '^type=AVC .*apparmor="DENIED"' || true; }`;

/** Every denial that the machine has logged: auditd keeps the kernel's words about AppArmor, of all boots. */
export async function denials(machine: Machine): Promise<string[]> {
  return (await machine.succeed(DENIALS)).split('\n').filter((line) => line !== '');
}

/** Reading a file, by the words that a log line has for it. */
export function reading(path: string): Attempt {
  return {
    act: `reads ${path}`,
    script: `open(my $file, '<', '${path}') or die "$!\\n"`,
    logged: new RegExp(`operation="open".*name="${path}".*requested_mask="r"`),
  };
}

/** Reading in a directory that its owner has closed: where root has no power over that, the power is what is denied. */
export function readingOfOthers(path: string): Attempt {
  const { act, script, logged } = reading(path);
  return { act, script, logged: new RegExp(`${logged.source}|capname="dac_read_search"`) };
}

/** First boot's Perl looks there by itself, so that its profile denies it without a line. */
export const withoutLine: readonly (readonly [profile: string, act: string])[] = [
  ['litellm-firstboot', reading('/etc/shadow').act],
];

export const rawSocket: Attempt = {
  act: 'opens a raw socket',
  script: 'use Socket; socket(my $socket, AF_INET, SOCK_RAW, 1) or die "$!\\n"',
  logged: /operation="create".*family="inet".*sock_type="raw"/,
};

export const packetSocket: Attempt = {
  act: 'opens a packet socket',
  script: 'socket(my $socket, 17, 3, 0) or die "$!\\n"',
  logged: /operation="create".*family="packet"/,
};

export const running: Attempt = {
  act: 'runs another program',
  script: 'exec { "/usr/bin/python3" } "python3", "-V"; die "$!\\n"',
  logged: /operation="exec".*name="\/usr\/bin\/python3[^"]*"/,
};

/** What came of an attempt: the exit code without the profile, what was said of it within. */
export interface Tried {
  readonly free: number;
  readonly confined: string;
}

/**
 * Has an interpreter in the profile try all of them, each with and without the profile; returns what came of each, in
 * their order, and what the log says of the profile since. One command for all: on an emulated machine each takes a second.
 */
export async function attempted(
  machine: Machine,
  profile: string,
  attempts: readonly Attempt[],
): Promise<{ tried: readonly Tried[]; log: readonly string[] }> {
  const pairs = attempts.flatMap(({ script }) => {
    const perl = `perl -e ${quote(script)}`;
    const confined = `aa-exec --profile=${profile} -- ${perl} 2>&1 | tr '\\n' ' '`;
    return [`${perl} > /dev/null 2>&1; echo $?`, `${confined}; echo`];
  });
  const said = await machine.succeed([`${DENIALS} | wc -l`, ...pairs].join('\n'));
  const [before, ...lines] = said.split('\n');
  const tried = attempts.map((_attempt, index) => ({
    free: Number(lines[2 * index]),
    confined: lines[2 * index + 1]?.trim() ?? '',
  }));
  const log = (await denials(machine)).slice(Number(before));
  return { tried, log: log.filter((line) => line.includes(`profile="${profile}"`)) };
}

/** Lets the interpreter into a profile, by the file that a site would use; undone by the function it returns. */
export async function admitInterpreter(machine: Machine, profile: string): Promise<() => Promise<void>> {
  const reload = `apparmor_parser --replace --skip-cache /etc/apparmor.d/${profile}`;
  await machine.succeed(`mkdir -p ${LOCAL} && cat > ${LOCAL}/${profile} && ${reload}`, INTERPRETER);
  return async () => {
    await machine.succeed(`rm ${LOCAL}/${profile} && ${reload}`);
  };
}
