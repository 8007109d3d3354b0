import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Kit } from './kit.ts';
import type { Outcome, RootShell } from './root-shell.ts';
import { scan, withKit } from './scan.ts';

const directory = mkdtempSync(join(tmpdir(), 'scan-'));
const kit: Kit = { directory, archive: `${directory}/kit.tar.gz` };
writeFileSync(kit.archive, 'an archive');

/** A machine that answers by a part of the command; it keeps what it was told to do. */
function machine(
  answers: Record<string, Partial<Outcome>>,
): RootShell & { commands: string[]; inputs: string[] } {
  const [commands, inputs]: [string[], string[]] = [[], []];
  async function run(command: string, input = ''): Promise<Outcome> {
    commands.push(command);
    inputs.push(input);
    const answer = Object.entries(answers).find(([part]) => command.includes(part))?.[1];
    return { code: 0, stdout: '', stderr: '', ...answer };
  }
  return { run, commands, inputs };
}

const packed = gzipSync('<arf/>').toString('base64');

test.each([0, 2])('a scanner that ends with %i has come to its end, and its ARF is fetched', async (code) => {
  const scanned = machine({ 'xccdf eval': { code }, 'gzip -c': { stdout: packed } });
  const arf = join(directory, `arf-${code}.xml`);
  await scan(scanned, { by: 'content', arf, rules: ['sysctl_fs_suid_dumpable'] });
  expect(readFileSync(arf, 'utf8')).toBe('<arf/>');
  expect(scanned.commands[0]).toContain(
    '--profile xccdf_org.ssgproject.content_profile_cis_level1_server --rule xccdf_org.ssgproject.content_rule_sysctl_fs_suid_dumpable',
  );
});

test.each([1, 137, null])('a scanner that ends with %s is a failure with its words', async (code) => {
  const crashed = machine({ 'xccdf eval': { code, stderr: 'out of memory' } });
  await expect(scan(crashed, { by: 'content', arf: join(directory, 'none.xml') })).rejects.toThrow(
    `the scanner ended with ${code}:\nout of memory`,
  );
});

test('the kit goes in through standard input and leaves also when the scan fails', async () => {
  const scanned = machine({});
  const failing = withKit(scanned, kit, () => Promise.reject(new Error('no scan')));
  await expect(failing).rejects.toThrow('no scan');
  expect(Buffer.from(scanned.inputs[0] ?? '', 'base64').toString()).toBe('an archive');
  expect(scanned.commands.slice(-2)).toEqual(['rm -rf /opt/cis-judge', 'rm -rf /run/cis-judge']);
});

test('a machine that cannot take the kit is not scanned', async () => {
  const full = machine({ 'tar -xz': { code: 2, stderr: 'No space left on device' } });
  await expect(withKit(full, kit, async () => 'scanned')).rejects.toThrow('No space left on device');
});
