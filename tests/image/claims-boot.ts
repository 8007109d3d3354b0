import { expect, test } from 'vitest';
import { facts } from './appliance.ts';
import { CUT_AFTER_MS, type World } from './world.ts';

export function bootClaims(world: () => World): void {
  test('the machines were started by BIOS and by UEFI', async () => {
    const { plain, azure } = world();
    await plain.machine.fail('test -d /sys/firmware/efi');
    await azure.machine.succeed('test -d /sys/firmware/efi');
  });

  test(`the first boot that lost power after ${CUT_AFTER_MS} ms has completed at the next one`, async () => {
    const { machine } = world().plain;
    expect(machine.serialLog().match(/Linux version /g)?.length).toBeGreaterThanOrEqual(2);
    await machine.succeed(`test -e ${facts.paths.firstbootState}/done`);
  });

  test.each(['plain', 'azure'] as const)('no unit of the %s machine has failed', async (name) => {
    const { machine } = world()[name];
    await machine.waitForUnit('litellm.service');
    await machine.waitForUnit('nginx.service');
    expect(await machine.succeed('systemctl list-units --failed --plain --no-legend')).toBe('');
  });

  test.each(['plain', 'azure'] as const)('the %s machine says that all is well', async (name) => {
    await world()[name].machine.succeed('litellm-ctl status');
  });
}
