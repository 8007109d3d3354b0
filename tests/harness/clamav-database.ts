import { readFileSync, writeFileSync } from 'node:fs';
import { $ } from 'zx';

const HEADER_BYTES = 512;

/**
 * Makes a signature database in ClamAV's own container format (unsigned), with ClamAV's own tool: `daily.cud` with one
 * signature, the bytes of `pattern`. With `madeAt` only its header tells another time: good to be read, not to be scanned with.
 */
export async function writeClamavDatabase(directory: string, pattern: string, madeAt?: Date): Promise<void> {
  await $({ quiet: true })`mkdir -p ${directory}/parts`;
  const parts = `${directory}/parts`;
  writeFileSync(`${parts}/daily.ndb`, `Rehearsal.Test:0:*:${Buffer.from(pattern).toString('hex')}\n`);
  writeFileSync(`${parts}/COPYING`, 'A test.\n');
  const shell = $({ quiet: true, cwd: parts, env: { ...process.env, SIGNDUSER: 'rehearsal' } });
  await shell`sigtool --build=daily.cud --unsigned --cvd-version=1 --datadir=${parts} --no-cdiff --max-bad-sigs=10 < /dev/null`;
  const file = readFileSync(`${parts}/daily.cud`);
  const header = madeAt === undefined ? file.subarray(0, HEADER_BYTES) : dated(file, madeAt);
  writeFileSync(`${directory}/daily.cud`, Buffer.concat([header, file.subarray(HEADER_BYTES)]));
  await $({ quiet: true })`rm -r ${parts}`;
}

/** The header with another time of making, its ninth field. */
function dated(file: Buffer, madeAt: Date): Buffer {
  const fields = file.toString('latin1', 0, HEADER_BYTES).trimEnd().split(':');
  fields[8] = String(Math.floor(madeAt.getTime() / 1000));
  return Buffer.from(fields.join(':').padEnd(HEADER_BYTES), 'latin1');
}
