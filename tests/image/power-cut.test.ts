/** The long repetition of what the plain machine of the image test goes through once: first boot loses its power. */
import { expect, test } from 'vitest';
import { Machine } from '../../packer/index.ts';
import { diskOf, imageFor } from '../harness/machine-image.ts';
import { guestAddresses, Network } from '../harness/network.ts';
import { Appliance } from './appliance.ts';
import { seededMoment, startWithPowerCut } from './first-boot-cut.ts';
import { keepEvidence, places } from './world.ts';

const moments = Array.from({ length: 10 }, seededMoment);

const title = 'a first boot that loses power after %i ms completes at the next one';

test.for(moments)(title, async (moment, context) => {
  await using network = await Network.create();
  const wire = await network.plug(1);
  const machine = await Machine.create({
    name: 'power-cut',
    directory: `${places.machines}/power-cut`,
    ...(await diskOf(imageFor('qemu'))),
    wire,
    firmware: 'bios',
  });
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => machine.powerCut());
  keepEvidence(context, machine);

  await startWithPowerCut(machine, moment);
  const appliance = cleanUp.use(await Appliance.ready(machine, network, guestAddresses(1)));
  const { masterKey, databasePassword } = appliance.credentials;
  const models = await appliance.client.fetch(`${appliance.url}/v1/models`, {
    headers: { authorization: `Bearer ${masterKey}` },
  });
  expect(models.status).toBe(200);
  const password = `PGPASSWORD=$(cat) psql -XAtq -h 127.0.0.1 -U litellm -d litellm -c 'select 1'`;
  expect((await machine.succeed(password, databasePassword)).trim()).toBe('1');
});
