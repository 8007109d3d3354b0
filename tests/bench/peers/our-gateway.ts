import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { gatewayMemoryFlags } from '../../../systemd/index.ts';
import { type Program, startProgram } from '../program.ts';
import { modelEntry } from './bench-model.ts';
import type { Site } from './peer.ts';

export const MASTER_KEY = 'sk-bench-master';
const SALT_KEY = 'sk-bench-salt';
const PRICES = { input_cost_per_token: 0.000001, output_cost_per_token: 0.000001 };
const READY_POLL_MS = 50;

const PROGRAM = 'gateway.mjs';
const shipped = fileURLToPath(new URL('../../../gateway/config/default-config.yaml', import.meta.url));

type Settings = Readonly<Record<string, unknown>>;

/** The shipped configuration with the fake provider's model, whose keys have what is asked for and no more. */
function config(providerPort: number, litellmSettings: Settings): string {
  const { general_settings, litellm_settings } = parse(readFileSync(shipped, 'utf8')) as Record<
    string,
    Record<string, unknown>
  >;
  const { default_key_generate_params: _, ...settings } = litellm_settings ?? {};
  return stringify({
    general_settings,
    litellm_settings: { ...settings, ...litellmSettings },
    model_list: [modelEntry(providerPort, PRICES)],
  });
}

/** Starts the gateway as the image carries it. */
export function startGateway(
  { installed, scratch, log, port, providerPort }: Site,
  databaseUrl: string,
  litellmSettings: Settings = {},
): Program {
  const file = join(scratch, 'config.yaml');
  writeFileSync(file, config(providerPort, litellmSettings));
  const env = {
    NODE_ENV: 'production',
    LITELLM_MASTER_KEY: MASTER_KEY,
    LITELLM_SALT_KEY: SALT_KEY,
    DATABASE_URL: databaseUrl,
    LITELLM_SPEND_DIR: join(scratch, 'spend'),
  };
  const ready = join(scratch, 'ready');
  const args = [
    ...gatewayMemoryFlags,
    join(installed, PROGRAM),
    '--config',
    file,
    '--port',
    String(port),
    '--ready-file',
    ready,
  ];
  return startProgram(process.execPath, args, { env, log });
}

/** The text of an answer that has to be 200. */
export async function ask(port: number, path: string, key: string, body?: object): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${path} was answered ${answer.status}: ${text.slice(0, 500)}`);
  return text;
}

/** The virtual key that is made of `body`. */
export async function generateKey(port: number, body: object): Promise<string> {
  return (JSON.parse(await ask(port, '/key/generate', MASTER_KEY, body)) as { key: string }).key;
}

/** Waits until the gateway serves, whose database is there. */
export async function untilReady(port: number, program: Program): Promise<void> {
  for (;;) {
    const failure = program.failure();
    if (failure !== null) throw new Error(failure);
    const ready = await ask(port, '/health/readiness', MASTER_KEY).then(
      () => true,
      () => false,
    );
    if (ready) return;
    await sleep(READY_POLL_MS);
  }
}
