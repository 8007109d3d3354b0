import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startPostgres } from '../../harness/postgres.ts';
import { writePrograms } from '../../harness/programs.ts';
import { firstAnswer } from '../first-answer.ts';
import { type Program, startProgram } from '../program.ts';
import { type BenchKeys, judgeRows } from './ours-rows.ts';
import type { Door, Peer, Site } from './peer.ts';

export const MASTER_KEY = 'sk-bench-master-0123456789abcdef';
const SALT_KEY = 'sk-bench-salt-0123456789abcdef';
const DOLLARS_PER_TOKEN = 0.000001;

const PROGRAM = 'gateway.mjs';

function config(providerPort: number): string {
  return stringify({
    model_list: [
      {
        model_name: 'bench',
        litellm_params: {
          model: 'openai/bench',
          api_base: `http://127.0.0.1:${providerPort}/v1`,
          api_key: 'bench',
          input_cost_per_token: DOLLARS_PER_TOKEN,
          output_cost_per_token: DOLLARS_PER_TOKEN,
        },
      },
    ],
  });
}

/** Starts the gateway as the image carries it. */
export function startGateway(
  { installed, scratch, log, port, providerPort }: Site,
  databaseUrl: string,
): Program {
  const file = join(scratch, 'config.yaml');
  writeFileSync(file, config(providerPort));
  const env = {
    NODE_ENV: 'production',
    LITELLM_MASTER_KEY: MASTER_KEY,
    LITELLM_SALT_KEY: SALT_KEY,
    DATABASE_URL: databaseUrl,
    LITELLM_SPEND_DIR: join(scratch, 'spend'),
  };
  const ready = join(scratch, 'ready');
  const args = [join(installed, PROGRAM), '--config', file, '--port', String(port), '--ready-file', ready];
  return startProgram(process.execPath, args, { env, log });
}

async function generateKey(port: number, alias: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/key/generate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ key_alias: alias, models: ['bench'] }),
  });
  const { key } = (await answer.json()) as { key?: string };
  if (key === undefined) throw new Error(`ours made no virtual key: status ${answer.status}`);
  return key;
}

function doorTo(port: number, key: string): Door {
  return { port, path: '/v1/chat/completions', model: 'bench', headers: { authorization: `Bearer ${key}` } };
}

/** Starts the gateway once to make the keys, as an operator would. */
async function makeKeys(site: Site, databaseUrl: string): Promise<BenchKeys> {
  const program = startGateway(site, databaseUrl);
  try {
    const door = doorTo(site.port, MASTER_KEY);
    await firstAnswer('ours', { door, cutDoor: door, program });
    return { whole: await generateKey(site.port, 'whole'), cut: await generateKey(site.port, 'cut') };
  } finally {
    await program.stop();
  }
}

function postmaster(directory: string): number {
  return Number.parseInt(readFileSync(join(directory, 'postmaster.pid'), 'utf8'), 10);
}

/** The gateway as it ships: a virtual key is checked for every call, and every call leaves a row in a durable PostgreSQL. */
export const ours: Peer = {
  name: 'ours',
  title: 'ours, key and row',
  // It is measured as the image carries it.
  install: writePrograms,
  open: async (site) => {
    const directory = join(site.scratch, 'database');
    const server = await startPostgres({ major: 17, durable: true, directory });
    const { name, runtimeUrl } = await server.createDatabase();
    const keys = await makeKeys(site, runtimeUrl);
    return {
      helpers: [postmaster(directory)],
      start: () => ({
        door: doorTo(site.port, keys.whole),
        cutDoor: doorTo(site.port, keys.cut),
        program: startGateway(site, runtimeUrl),
      }),
      finish: async (calls) => {
        const findings = await judgeRows(server.superuserUrl(name), keys, calls);
        await server.stop();
        return findings;
      },
    };
  },
};
