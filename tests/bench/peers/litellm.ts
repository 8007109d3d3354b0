import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { $ } from 'zx';
import { installOnce } from '../install.ts';
import { startProgram } from '../program.ts';
import { chatDoor, modelEntry } from './bench-model.ts';
import { simpleLane } from './lane.ts';
import type { Peer } from './peer.ts';

const MASTER_KEY = 'sk-bench-litellm';
const pins = { litellm: '1.106.2' };

async function installFromPypi(folder: string): Promise<void> {
  const run = $({ quiet: true });
  await run`/usr/bin/python3 -m venv ${folder}`;
  await run`${join(folder, 'bin/pip')} install --quiet --disable-pip-version-check ${`litellm[proxy]==${pins.litellm}`}`;
}

function config(providerPort: number): string {
  return stringify({
    model_list: [modelEntry(providerPort)],
    general_settings: { master_key: MASTER_KEY },
    litellm_settings: { callbacks: [], num_retries: 0 },
  });
}

/** LiteLLM's proxy with one worker and no database: its master key is checked, nothing is stored. */
export const litellm: Peer = {
  name: 'litellm',
  title: `LiteLLM ${pins.litellm}, one worker`,
  install: (folder) => installOnce(folder, { pins, install: installFromPypi }),
  open: async ({ installed, scratch, log, port, providerPort }) => {
    const file = join(scratch, 'config.yaml');
    writeFileSync(file, config(providerPort));
    const args = ['--config', file, '--host', '127.0.0.1', '--port', String(port)];
    return simpleLane({
      door: chatDoor(port, MASTER_KEY),
      start: () =>
        startProgram(
          join(installed, 'bin/litellm'),
          [...args, '--num_workers', '1', '--telemetry', 'False'],
          {
            env: { LITELLM_LOCAL_MODEL_COST_MAP: 'True', LITELLM_MODE: 'PRODUCTION', LITELLM_LOG: 'ERROR' },
            log,
          },
        ),
    });
  },
};
