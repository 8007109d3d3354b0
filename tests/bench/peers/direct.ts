import { chatDoor } from './bench-model.ts';
import { simpleLane } from './lane.ts';
import type { Peer } from './peer.ts';

/** No gateway at all: shows how far the provider and the load generators are from being what is measured. */
export const direct: Peer = {
  name: 'direct',
  title: 'no gateway',
  open: async ({ providerPort }) =>
    simpleLane({
      door: chatDoor(providerPort),
    }),
};
