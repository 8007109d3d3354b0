/** What changes of its rules do to the image's firewall, where reading them anew takes a moment. */
import { afterAll, beforeAll, describe } from 'vitest';
import { Network } from '../harness/network.ts';
import { changedFirewallClaims } from './claims-firewall.ts';
import { type Contained, startContained } from './contained.ts';

const MINUTE = 60_000;
const WIRE = 1;

const cleanUp = new AsyncDisposableStack();
let network: Network;
let machine: Contained;

beforeAll(async () => {
  network = cleanUp.use(await Network.create());
  machine = cleanUp.use(await startContained('firewall', network, WIRE));
}, 5 * MINUTE);
afterAll(() => cleanUp.disposeAsync());

describe('the firewall in a container', () => changedFirewallClaims(() => ({ machine, network })));
