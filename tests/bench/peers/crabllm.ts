import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { $ } from 'zx';
import { installOnce } from '../install.ts';
import { startProgram } from '../program.ts';
import { chatDoor } from './bench-model.ts';
import { simpleLane } from './lane.ts';
import type { Peer, Site } from './peer.ts';

const pins = { crabllm: '0.0.25' };
const KEY = 'bench-crabllm';

/** `cargo install` compiles every crate that the lock file of the release names: some minutes. */
async function installFromCrates(folder: string): Promise<void> {
  const work = join(folder, 'target');
  const env = { ...process.env, CARGO_TARGET_DIR: work };
  await $({ quiet: true, env })`cargo install --quiet --locked --root ${folder} ${`crabllm@${pins.crabllm}`}`;
  await $({ quiet: true })`rm -rf ${work}`;
}

/** All that it has to govern calls with, kept in memory: limits and a budget per key, and what was used. */
function config({ port, providerPort }: Site): string {
  return `
listen = "127.0.0.1:${port}"
openapi = false

[providers.openai]
api_key = "bench"
base_url = "http://127.0.0.1:${providerPort}/v1"
models = ["bench"]
max_retries = 0

[[keys]]
name = "bench"
key = "${KEY}"
models = ["bench"]

[models.bench.pricing]
input_cost_per_million = 1.0
output_cost_per_million = 1.0

[extensions.rate_limit]
requests_per_minute = 100000000
tokens_per_minute = 100000000000

[extensions.usage]

[extensions.budget]
default_budget = 1000000.0
`;
}

/** A gateway in Rust, governed as far as it can: nothing that it counts outlives it. */
export const crabllm: Peer = {
  name: 'crabllm',
  title: `crabllm ${pins.crabllm}, governed`,
  install: (folder) => installOnce(folder, { pins, install: installFromCrates }),
  open: async (site) => {
    const file = join(site.scratch, 'crabllm.toml');
    writeFileSync(file, config(site));
    return simpleLane({
      door: chatDoor(site.port, KEY),
      start: () =>
        startProgram(join(site.installed, 'bin/crabllm'), ['serve', '--config', file], {
          env: { RUST_LOG: 'error' },
          log: site.log,
        }),
    });
  },
};
