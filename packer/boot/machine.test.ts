import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { $ } from 'zx';
import { freePort } from './forward.ts';
import { Machine } from './machine.ts';
import { closedWire } from './open-wire.ts';

test('nobody waits for a machine whose power is being cut', async () => {
  const work = mkdtempSync(join(tmpdir(), 'machine-'));
  onTestFinished(() => rmSync(work, { recursive: true }));
  const image = join(work, 'disk.raw');
  await $({ quiet: true })`truncate -s 4M ${image}`;
  const wire = closedWire({ 22: await freePort(2622) });
  const place = { name: 'cut', directory: join(work, 'machine'), image, format: 'raw' } as const;
  const machine = await Machine.create({ ...place, wire, firmware: 'bios' });
  await machine.start();
  const running = machine.run('true');
  const cut = machine.powerCut();
  await expect(machine.run('true')).rejects.toThrow('cut is not running');
  await cut;
  expect(machine.isRunning()).toBe(false);
  await expect(running).rejects.toThrow('cut is not running');
});
