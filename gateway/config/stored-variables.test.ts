import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { findProvider, servedProviders } from '../providers/catalogue.ts';
import { otherReferences, variableRefusal } from './stored-variables.ts';

const NONE = new Map<string, string>();
const providers = servedProviders().map((name) => findProvider(name));

test('the key of every provider may be stored, but for one that is named as the machine’s are', () => {
  const names = providers.flatMap((provider) => provider?.api_key_env ?? []);
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => variableRefusal(name, NONE) !== null)).toEqual(['LITELLM_PROXY_API_KEY']);
});

test('the address of none may: the keys of the machine would go there', () => {
  const names = providers.flatMap((provider) => provider?.api_base_env ?? []);
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => variableRefusal(name, NONE) === null)).toEqual([]);
  expect(variableRefusal('OPENAI_BASE_URL', NONE)).toContain('says where calls go');
});

test.each([
  'LITELLM_MASTER_KEY',
  'LITELLM_SALT_KEY_PREVIOUS',
  'litellm_salt_key',
  'DATABASE_URL',
  'DATABASE_OWNER_URL',
  'DATABASE_HOST',
  'PGSSLMODE',
  'NODE_OPTIONS',
  'STORE_MODEL_IN_DB',
  'UI_PASSWORD',
  'WEBHOOK_SECRET',
  'REDIS_PASSWORD',
  'HTTPS_PROXY',
  'SSL_CERT_FILE',
  'LD_PRELOAD',
  'PATH',
  'HOME',
])('%s is the machine’s', (name) => {
  expect(variableRefusal(name, NONE)).toContain('is a variable of this machine');
});

test.each(['', '_KEY', 'MY KEY', 'MY-KEY', '__proto__', 'ÄNDERUNG', 'A'.repeat(129)])(
  '%j is no name',
  (name) => {
    expect(variableRefusal(name, NONE)).toContain('is no name');
  },
);

/** Texts of the program, without its tests. */
const room = fileURLToPath(new URL('..', import.meta.url));
const sources = readdirSync(room, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('ui/generated'))
  .map((file) => readFileSync(join(room, file), 'utf8'));

test('whatever the program itself reads from the environment is the machine’s', () => {
  const names = sources.flatMap((text) => [
    ...[...text.matchAll(/\benv(?:ironment)?\.([A-Z][A-Z_]+)\b/g)].map(([, name]) => name as string),
    // Names in constants, as `environment[NAME]` reads them.
    ...(/\benvironment\[[A-Za-z]/.test(text)
      ? [...text.matchAll(/= '([A-Z][A-Z_]*_[A-Z_]+)'/g)].map(([, name]) => name as string)
      : []),
  ]);
  expect(names).toEqual(
    expect.arrayContaining(['LITELLM_LOG', 'WEBHOOK_URL', 'STORE_PROMPTS_IN_SPEND_LOGS']),
  );
  expect(names.filter((name) => variableRefusal(name, NONE) === null)).toEqual([]);
});

test('a variable that the file takes something else from than a provider’s key is not stored', () => {
  const references = otherReferences({
    general_settings: { user_header_name: 'os.environ/HEADER' },
    environment_variables: { OPENAI_API_KEY: 'os.environ/REAL_KEY' },
    credential_list: [
      {
        credential_name: 'a',
        credential_values: { api_key: 'os.environ/A_KEY', api_base: 'os.environ/A_BASE' },
      },
    ],
    model_list: [
      {
        model_name: 'm',
        litellm_params: {
          api_key: 'os.environ/M_KEY',
          api_base: 'os.environ/M_BASE',
          extra_headers: { api_key: 'os.environ/M_HEADER' },
        },
      },
    ],
  });
  const refused = ['HEADER', 'REAL_KEY', 'A_BASE', 'M_BASE', 'M_HEADER'];
  expect([...references.keys()].sort()).toEqual(refused.sort());
  expect(variableRefusal('M_BASE', references)).toBe(
    'is what config.yaml takes model_list.0.litellm_params.api_base from, which is set on the machine alone',
  );
  for (const name of ['M_KEY', 'A_KEY', 'OPENAI_API_KEY'])
    expect(variableRefusal(name, references)).toBeNull();
});
