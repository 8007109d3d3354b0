import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Failure } from '../../packer/index.ts';
import { withArchive } from '../evidence/with-archive.ts';
import { PROFILE } from './catalogue.ts';
import { KIT_IN_MACHINE, type Kit } from './kit.ts';
import type { RootShell } from './root-shell.ts';
import { profileId, ruleId } from './xccdf.ts';

const MINUTE = 60_000;

/** A scan of a whole profile takes 10 to 25 minutes in an emulated machine, and several times that beside other work. */
const DEADLINE_MS = 240 * MINUTE;
/** A directory of the machine in memory. */
const RESULTS = '/run/cis-judge';

/** What a scan goes by. */
export interface ScanOptions {
  /** The file of the kit: what judges the machine, or what it is only tried with. */
  readonly by: 'content' | 'rehearsal';
  /** Only these rules; all that the profile selects when absent. */
  readonly rules?: readonly string[];
  /** File of the build host that receives the ARF. */
  readonly arf: string;
}

/** Scans the machine, in which the kit lies already. Throws Failure when the scanner does not come to its end. */
export async function scan(machine: RootShell, { by, rules = [], arf }: ScanOptions): Promise<void> {
  const only = rules.map((rule) => `--rule ${ruleId(rule)}`);
  const results = `${RESULTS}/arf.xml`;
  const command = [
    `mkdir -p ${RESULTS} && rm -f ${results} &&`,
    `${KIT_IN_MACHINE}/oscap xccdf eval --skip-validation --profile ${profileId(PROFILE)} ${only.join(' ')}`,
    `--results-arf ${results} ${KIT_IN_MACHINE}/${by}.xml`,
  ].join(' ');
  const { code, stderr, stdout } = await machine.run(command, '', DEADLINE_MS);
  // 0: every rule passed; 2: at least one did not.
  if (code !== 0 && code !== 2) {
    const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-8).join('\n');
    throw new Failure(`the scanner ended with ${code}:\n${said}`, `repeat it in the machine: ${command}`);
  }
  const fetched = await machine.run(`gzip -c ${results} | base64 -w 0 && rm -r ${RESULTS}`, '', DEADLINE_MS);
  if (fetched.code !== 0) throw new Failure(`the ARF cannot be fetched: ${fetched.stderr}`, 'scan again');
  writeFileSync(arf, gunzipSync(Buffer.from(fetched.stdout, 'base64')));
}

/** Puts the kit into a machine for as long as `use` runs. The machine's disk must be one that is thrown away. */
export async function withKit<T>(machine: RootShell, kit: Kit, use: () => Promise<T>): Promise<T> {
  const shown = { archive: readFileSync(kit.archive), place: KIT_IN_MACHINE };
  try {
    return await withArchive(machine, shown, use);
  } finally {
    await machine.run(`rm -rf ${RESULTS}`);
  }
}
