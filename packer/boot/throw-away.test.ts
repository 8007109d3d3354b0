import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { $ } from 'zx';
import { sha256OfFile } from '../hash.ts';
import { createLog } from '../log.ts';
import { filesOf } from './machine-qemu.ts';
import { withThrowAway } from './throw-away.ts';
import { until } from './until.ts';

const MINUTE = 60_000;

test('a machine that is called off while it boots is ended, and leaves the disk as it was and only its console', async () => {
  const work = mkdtempSync(join(tmpdir(), 'throw-away-'));
  onTestFinished(() => rmSync(work, { recursive: true }));
  const [disk, directory] = [join(work, 'disk.raw'), join(work, 'machine')];
  await $({ quiet: true })`truncate -s 4M ${disk}`;
  const before = await sha256OfFile(disk);
  const abort = new AbortController();
  const machine = { disk: { path: disk, format: 'raw' }, name: 'called-off', directory } as const;
  const log = createLog({ out: { write: () => true } });
  const booting = withThrowAway(machine, { log, signal: abort.signal }, async () => 'used');
  booting.catch(() => undefined);
  await until('QEMU runs', MINUTE, async () => statSync(filesOf(directory).monitor));
  abort.abort();
  await expect(booting).rejects.toThrow('called-off is not running');
  expect(existsSync(directory)).toBe(false);
  expect(existsSync(`${directory}.log`)).toBe(true);
  expect(await sha256OfFile(disk)).toBe(before);
});
