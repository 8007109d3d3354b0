import { expect, test } from 'vitest';
import { facts } from './appliance.ts';
import { CUT_AFTER_MS, type Name, type World } from './world.ts';

const FIRMWARE = { plain: 'BIOS', azure: 'UEFI' } as const;

export function bootClaims(world: () => World, name: Name): void {
  test(`the machine was started by ${FIRMWARE[name]}`, async () => {
    const { code } = await world()[name].machine.run('test -d /sys/firmware/efi');
    expect(code === 0 ? 'UEFI' : 'BIOS').toBe(FIRMWARE[name]);
  });

  if (name === 'plain') {
    test(`the first boot that lost power after ${CUT_AFTER_MS} ms has completed at the next one`, async () => {
      const { machine } = world().plain;
      expect(machine.serialLog().match(/Linux version /g)?.length).toBeGreaterThanOrEqual(2);
      await machine.succeed(`test -e ${facts.paths.firstbootState}/done`);
    });
  }

  test('no unit has failed', async () => {
    const { machine } = world()[name];
    await machine.waitForUnit('litellm.service');
    await machine.waitForUnit('nginx.service');
    expect(await machine.succeed('systemctl list-units --failed --plain --no-legend')).toBe('');
  });

  test('the machine says that all is well', async () => {
    // It has been ready once. While AIDE makes its record, an emulated gateway may answer later than one look waits for it.
    await world()[name].machine.succeed('litellm-ctl status --wait 180');
  });
}
