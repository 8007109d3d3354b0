/** Power cuts at random moments of first boot. */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Machine } from '../harness/machine.ts';
import { newestImage } from '../harness/machine-image.ts';
import { guestAddresses, Network } from '../harness/network.ts';
import { until } from '../harness/until.ts';
import { Appliance } from './appliance.ts';
import { keepEvidence, places } from './world.ts';

const MINUTE = 60_000;
/** Where in first boot the cut falls; it takes 50 to 80 s under emulation. */
const WINDOW_MS = 60_000;
const TIMES = process.env.SOAK === '1' ? 10 : 1;

const moments = Array.from({ length: TIMES }, () => seededMoment());

/** A moment after first boot's start: the one of POWER_CUT_MS, which a failed run has printed, else a random one. */
function seededMoment(): number {
  const given = Number(process.env.POWER_CUT_MS ?? Number.NaN);
  return Number.isNaN(given) ? randomInt(WINDOW_MS) : given;
}

test.each(moments)('a first boot that loses power after %i ms completes at the next one', async (moment) => {
  await using network = await Network.create();
  const wire = await network.plug(1);
  const machine = await Machine.create({
    name: 'power-cut',
    directory: `${places.machines}/power-cut`,
    image: newestImage(),
    wire,
    firmware: 'bios',
  });
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => machine.powerCut());
  keepEvidence(machine);

  await machine.start();
  await until('first boot begins', 5 * MINUTE, async () => {
    if (!machine.serialLog().includes('litellm-firstboot')) throw new Error('not yet on the console');
  });
  await sleep(moment);
  await machine.powerCut();
  await machine.start();

  const appliance = cleanUp.use(await Appliance.ready(machine, network, guestAddresses(1)));
  const { masterKey, databasePassword } = appliance.credentials;
  const models = await appliance.client.fetch(`${appliance.url}/v1/models`, {
    headers: { authorization: `Bearer ${masterKey}` },
  });
  expect(models.status).toBe(200);
  const password = `PGPASSWORD=$(cat) psql -XAtq -h 127.0.0.1 -U litellm -d litellm -c 'select 1'`;
  expect((await machine.succeed(password, databasePassword)).trim()).toBe('1');
});
