import { fileURLToPath } from 'node:url';
import { startProgram } from '../program.ts';
import { chatDoor } from './bench-model.ts';
import { simpleLane } from './lane.ts';
import type { Peer } from './peer.ts';

const server = fileURLToPath(new URL('bare-server.ts', import.meta.url));

/** The limit: node:http and undici's dispatch on the same Node, and nothing between them. */
export const bare: Peer = {
  name: 'bare',
  title: 'bare Node forwarder',
  open: async ({ port, providerPort, log }) =>
    simpleLane({
      door: chatDoor(port),
      start: () => startProgram(process.execPath, [server, String(port), String(providerPort)], { log }),
    }),
};
