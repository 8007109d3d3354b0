/** Secrets planted by the routes that take some, in a database that was LiteLLM's, and looked for in all that is left of them. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { runProgram } from '../../appliance/index.ts';
import { gatewayBundle, prepareDatabase, SaltKeys } from '../../gateway/index.ts';
import { searchDatabase } from '../harness/canaries.ts';
import { deployment } from '../harness/chat.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, MASTER_KEY, startGateway } from '../harness/gateway-process.ts';
import { hashed, litellmDatabase } from '../harness/litellm-database.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';
import { WebhookReceiver } from '../harness/webhook-receiver.ts';

const canary = (name: string): string => `canary-${name}-${randomBytes(6).toString('hex')}`;
const key = (name: string): string => ['sk', canary(name)].join('-');

const secrets = {
  master: MASTER_KEY,
  salt: canary('salt'),
  webhook: `whsec_${randomBytes(32).toString('base64')}`,
  providerOfFile: key('provider-of-file'),
  providerOfModel: key('provider-of-model'),
  providerOfChangedModel: key('provider-of-changed-model'),
  header: canary('header'),
  credential: key('credential'),
  changedCredential: key('changed-credential'),
  importedCredential: key('imported-credential'),
  variable: key('variable'),
  changedVariable: key('changed-variable'),
  importedVariable: key('imported-variable'),
  importedKey: key('imported'),
  virtualKey: key('virtual'),
  renewedKey: key('renewed'),
  deletedKey: key('deleted'),
  wrongKey: key('wrong'),
  password: canary('password'),
  chosenPassword: canary('chosen-password'),
  prompt: canary('prompt'),
};

let postgres: PostgresServer;
let database: TestDatabase;
let provider: FakeProvider;
let receiver: WebhookReceiver;
let gateway: GatewayProcess;
let journal: string;

const byAdmin = { created_by: 'default_user_id', updated_by: 'default_user_id' };

beforeAll(async () => {
  journal = mkdtempSync(join(tmpdir(), 'litellm-canaries-'));
  [postgres, provider, receiver] = await Promise.all([
    startPostgres({ major: 17 }),
    startFakeProvider({ apiKey: secrets.providerOfFile }),
    WebhookReceiver.start({ secret: secrets.webhook }),
  ]);
  database = await postgres.createDatabase({ migrated: false });
  const sealed = new SaltKeys(secrets.salt).sealAll({
    api_base: provider.url,
    api_key: secrets.importedCredential,
  });
  await litellmDatabase(database, {
    LiteLLM_UserTable: [{ user_id: 'default_user_id', user_role: 'proxy_admin' }],
    LiteLLM_VerificationToken: [{ token: hashed(secrets.importedKey), key_alias: 'imported' }],
    LiteLLM_CredentialsTable: [
      {
        credential_id: 'c',
        credential_name: 'imported',
        credential_values: JSON.stringify(sealed),
        ...byAdmin,
      },
    ],
    LiteLLM_Config: [
      {
        param_name: 'environment_variables',
        param_value: JSON.stringify(
          new SaltKeys(secrets.salt).sealAll({ XAI_API_KEY: secrets.importedVariable }),
        ),
      },
    ],
  });
  await prepareDatabase(database.ownerUrl, { runtimeRole: 'litellm' });
  const price = { input_cost_per_token: 1e-6, output_cost_per_token: 1e-6 };
  gateway = await startGateway({
    database,
    environment: {
      TEST_PROVIDER_KEY: secrets.providerOfFile,
      LITELLM_SALT_KEY: secrets.salt,
      WEBHOOK_URL: receiver.url,
      WEBHOOK_SECRET: secrets.webhook,
      LITELLM_SPEND_DIR: journal,
    },
    config: stringify({
      general_settings: { proxy_batch_write_at: 0.05, store_model_in_db: true, alerting: ['webhook'] },
      litellm_settings: { store_audit_logs: true },
      model_list: [deployment('in-file', provider.url, price)],
    }),
  });
});
afterAll(async () => {
  await gateway?.stop();
  await receiver?.[Symbol.asyncDispose]();
  await provider?.close();
  await postgres?.stop();
  rmSync(journal, { recursive: true, force: true });
});

/** Asks the gateway, which must answer so; its answer as text. */
async function ask(line: string, { body, as = MASTER_KEY, status = 200 }: Asked = {}): Promise<string> {
  const [method = '', path = ''] = line.split(' ');
  const answer = await fetch(`${gateway.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  expect(answer.status, `${line}: ${text}`).toBe(status);
  return text;
}

interface Asked {
  readonly body?: object;
  readonly as?: string;
  readonly status?: number;
}

/** Plants every secret but those of the environment; what was answered, where the answer is not the secret itself. */
async function plant(): Promise<readonly string[]> {
  const told: string[] = [];
  const say = async (line: string, asked: Asked = {}): Promise<void> => {
    told.push(await ask(line, asked));
  };
  const model = (id: string, name: string, params: object) => ({
    model_name: name,
    model_info: { id },
    litellm_params: { model: 'openai/gpt-4o-mini', ...params },
  });
  const own = { api_base: provider.url, extra_headers: { 'x-secret': secrets.header } };
  const stored = model('stored', 'stored', { ...own, api_key: secrets.providerOfModel });
  await say('POST /model/new', { body: stored });
  await say('POST /model/update', {
    body: { model_info: { id: 'stored' }, litellm_params: { api_key: secrets.providerOfChangedModel } },
  });
  const values = { api_base: provider.url, api_key: secrets.credential };
  await say('POST /credentials', { body: { credential_name: 'shared', credential_values: values } });
  await say('PATCH /credentials/shared', {
    body: { credential_values: { ...values, api_key: secrets.changedCredential } },
  });
  for (const name of ['shared', 'imported']) {
    await say('POST /model/new', { body: model(name, name, { litellm_credential_name: name }) });
  }

  const variable = (value: string) => ({ environment_variables: { GROQ_API_KEY: value } });
  await say('POST /config/update', { body: variable(secrets.variable) });
  await say('POST /config/update', { body: variable(secrets.changedVariable) });
  await say('POST /config/update', {
    body: { environment_variables: { LITELLM_MASTER_KEY: secrets.changedVariable } },
    status: 400,
  });
  const named = { config_type: 'environment_variables', field_name: 'MISTRAL_API_KEY' };
  await say('POST /config/field/update', { body: { ...named, field_value: secrets.variable } });
  await say('POST /config/field/delete', { body: named });

  await say('POST /organization/new', { body: { organization_id: 'acme', organization_alias: 'Acme' } });
  for (const [user_id, password] of [
    ['ada', secrets.password],
    ['eve', undefined],
  ]) {
    await say('POST /user/new', { body: { user_id, password, auto_create_key: false } });
  }
  const member = { role: 'internal_user', user_id: 'ada' };
  await say('POST /organization/member_add', { body: { organization_id: 'acme', member } });
  const { id } = JSON.parse(await ask('POST /invitation/new', { body: { user_id: 'eve' } }));
  await say('POST /onboarding/claim_token', {
    body: { invitation_link: id, user_id: 'eve', password: secrets.chosenPassword },
  });

  const budget = { max_budget: 1, soft_budget: 1e-9 };
  const owner = { user_id: 'ada', organization_id: 'acme' };
  await ask('POST /key/generate', { body: { key: secrets.virtualKey, ...owner, ...budget } });
  await ask('POST /key/generate', { body: { key: secrets.deletedKey } });
  await ask('POST /key/delete', { body: { keys: [secrets.deletedKey] } });
  const messages = [{ role: 'user', content: `say ${secrets.prompt}` }];
  const chat = (name: string) => ({ model: name, messages, max_tokens: 4, user: 'customer' });
  await ask('POST /v1/chat/completions', { as: secrets.virtualKey, body: chat('in-file') });
  await ask('POST /v1/chat/completions', { as: secrets.importedKey, body: chat('in-file') });
  // Their keys are none that the provider takes.
  for (const name of ['stored', 'shared', 'imported']) {
    await say('POST /v1/chat/completions', { body: chat(name), status: 401 });
  }
  await say('POST /v1/chat/completions', { as: secrets.wrongKey, body: chat('in-file'), status: 401 });
  await ask('POST /key/regenerate', { body: { key: secrets.virtualKey, new_key: secrets.renewedKey } });
  await receiver.messages(1);
  return told;
}

/** What shows what is kept. */
const reads = [
  '/model/info',
  '/v2/model/info',
  '/credentials',
  '/credentials/by_name/shared',
  '/audit?page_size=100',
  '/key/list?return_full_object=true',
  '/user/list',
  '/user/info?user_id=ada',
  '/organization/info?organization_id=acme',
  '/spend/logs',
  '/config/list?config_type=general_settings',
  '/router/settings',
  '/alerting/settings',
  '/get/config/callbacks',
  '/health/readiness/details',
];

function journaled(): string {
  const entries = readdirSync(journal, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1')).join('');
}

async function exportOf(user: string): Promise<string> {
  const args = [gatewayBundle.migrate, 'personal-data', 'export', '--user', user];
  const env = { DATABASE_OWNER_URL: database.ownerUrl };
  return (await runProgram(process.execPath, args, { env })).stdout;
}

test('no secret is in clear in a table, a log, a file, an alert, an export or an answer', async () => {
  const told = [...(await plant())];
  for (const path of reads) told.push(await ask(`GET ${path}`));
  told.push(journaled());
  await gateway.stop();
  const exported = await exportOf('ada');
  expect(exported).toContain(hashed(secrets.virtualKey));
  told.push(exported);
  told.push(gateway.output(), postgres.log(), ...receiver.received.map(({ body }) => body));
  const everything = told.join('\n');
  // What is there is found.
  expect(everything).toContain(hashed(secrets.virtualKey));
  expect(Object.entries(secrets).filter(([, secret]) => everything.includes(secret))).toEqual([]);

  const db = new Client({ connectionString: postgres.superuserUrl(database.name) });
  await db.connect();
  try {
    const { found } = await searchDatabase(db, { ...secrets, hash: hashed(secrets.renewedKey) });
    const { hash = [], ...rest } = found;
    expect(hash).toContain('LiteLLM_VerificationToken.token');
    expect(rest).toEqual(Object.fromEntries(Object.keys(secrets).map((name) => [name, []])));
    const { rows } = await db.query(
      `SELECT credential_values ->> 'api_key' AS sealed FROM "LiteLLM_CredentialsTable" ORDER BY credential_name`,
    );
    const keys = new SaltKeys(secrets.salt);
    expect(rows.map(({ sealed }) => keys.open(sealed))).toEqual([
      secrets.importedCredential,
      secrets.changedCredential,
    ]);
    const settings = await db.query(
      `SELECT param_value AS values FROM "LiteLLM_Config" WHERE param_name = 'environment_variables'`,
    );
    expect(keys.openAll(settings.rows[0]?.values)).toEqual({
      XAI_API_KEY: secrets.importedVariable,
      GROQ_API_KEY: secrets.changedVariable,
    });
  } finally {
    await db.end();
  }
});
