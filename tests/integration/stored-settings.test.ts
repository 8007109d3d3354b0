/** Settings that are stored by the API, as gateways on one database start with them. */
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { runProgram } from '../../appliance/index.ts';
import { gatewayBundle, prepareDatabase, SaltKeys } from '../../gateway/index.ts';
import { MESSAGES, postChat } from '../harness/chat.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, MASTER_KEY, runGateway, startGateway } from '../harness/gateway-process.ts';
import { litellmDatabase } from '../harness/litellm-database.ts';
import { sealed } from '../harness/litellm-rows.ts';
import { manage } from '../harness/manage.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';

const SALT = 'canary-salt-77aa';
const PROVIDER_KEY = ['sk', 'canary-provider-key-51c2'].join('-');

let postgres: PostgresServer;
let provider: FakeProvider;
let database: TestDatabase;
let db: Client;

interface Started {
  readonly general?: object;
  readonly more?: object;
  readonly environment?: Readonly<Record<string, string>>;
}

const options = ({ general = {}, more = {}, environment = {} }: Started = {}) => ({
  database,
  environment: { LITELLM_SALT_KEY: SALT, ...environment },
  config: stringify({
    general_settings: { store_model_in_db: true, budget_enforcement: 'strict', ...general },
    litellm_settings: { store_audit_logs: true },
    model_list: [
      {
        model_name: 'gpt',
        litellm_params: {
          model: 'openai/gpt-4o-mini',
          api_base: provider.url,
          api_key: 'os.environ/OPENAI_API_KEY',
          input_cost_per_token: 1e-6,
          output_cost_per_token: 1e-6,
        },
      },
    ],
    ...more,
  }),
});
const start = (started?: Started): Promise<GatewayProcess> => startGateway(options(started));

beforeAll(async () => {
  [postgres, provider] = await Promise.all([
    startPostgres({ major: 17 }),
    startFakeProvider({ apiKey: PROVIDER_KEY }),
  ]);
});
afterAll(async () => {
  await provider?.close();
  await postgres?.stop();
});
beforeEach(async () => {
  database = await postgres.createDatabase();
  db = new Client({ connectionString: database.ownerUrl });
  await db.connect();
  return () => db.end();
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

async function post(on: GatewayProcess, path: string, body: object): Promise<Answer> {
  const answer = await fetch(`${on.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { status, headers } = answer;
  return { status, headers, body: (await answer.json()) as Record<string, unknown> };
}

async function get<T>(on: GatewayProcess, path: string): Promise<T> {
  const answer = await fetch(`${on.url}${path}`, { headers: { authorization: `Bearer ${MASTER_KEY}` } });
  return (await answer.json()) as T;
}

const update = (on: GatewayProcess, body: object) => post(on, '/config/update', body);
const remove = (on: GatewayProcess, config_type: string, field_name: string) =>
  post(on, '/config/field/delete', { config_type, field_name });
const told = ({ body }: Answer): string => JSON.stringify(body);

type Values = Readonly<Record<string, string>>;
async function stored(section: string): Promise<Values | undefined> {
  const { rows } = await db.query('SELECT param_value FROM "LiteLLM_Config" WHERE param_name = $1', [
    section,
  ]);
  return rows[0]?.param_value;
}
const plant = (section: string, value: object) =>
  db.query('INSERT INTO "LiteLLM_Config" (param_name, param_value) VALUES ($1, $2)', [
    section,
    JSON.stringify(value),
  ]);

interface Audited {
  readonly action: string;
  readonly object_id: string;
  readonly before_value: { readonly param_value: Values } | null;
  readonly updated_values: { readonly param_value: Values } | null;
}
async function audited(): Promise<readonly Audited[]> {
  const { rows } = await db.query<Audited>(
    `SELECT action, object_id, before_value, updated_values FROM "LiteLLM_AuditLog"
     WHERE table_name = 'LiteLLM_Config' ORDER BY litellm_seq`,
  );
  return rows;
}

interface Listed {
  readonly field_name: string;
  readonly field_value: unknown;
  readonly stored_in_db: boolean | null;
}
const listed = async (on: GatewayProcess, name: string): Promise<Listed | undefined> =>
  (await get<Listed[]>(on, '/config/list?config_type=general_settings')).find(
    ({ field_name }) => field_name === name,
  );
const inForce = async (on: GatewayProcess) =>
  (await get<{ current_values: object }>(on, '/router/settings')).current_values;

test('what is stored is in force from the next start on, and until it is taken out', async () => {
  const more = { router_settings: { timeout: 30, stream_timeout: 40 } };
  {
    await using gateway = await start({ more });
    const answer = await update(gateway, {
      router_settings: { timeout: 7 },
      general_settings: { health_check_concurrency: 3 },
    });
    expect(answer).toMatchObject({ status: 200, body: { message: 'Config updated successfully' } });
    expect(answer.headers.get('x-litellm-takes-effect')).toBe('at the next start of the gateway');
    await gateway.logged('settings of the database were changed: they count from the next start on');
    expect(await inForce(gateway)).toEqual({ timeout: 30, stream_timeout: 40 });
    expect(await listed(gateway, 'health_check_concurrency')).toMatchObject({
      field_value: 3,
      stored_in_db: true,
    });
    expect(await listed(gateway, 'budget_enforcement')).toMatchObject({
      field_value: 'strict',
      stored_in_db: false,
    });
  }
  {
    await using gateway = await start({ more });
    expect(await inForce(gateway)).toEqual({ timeout: 7, stream_timeout: 40 });
    expect(await remove(gateway, 'router_settings', 'timeout')).toMatchObject({
      status: 200,
      body: { param_name: 'router_settings', param_value: {} },
    });
    expect(await remove(gateway, 'general_settings', 'health_check_concurrency')).toMatchObject({
      status: 200,
    });
    expect(await listed(gateway, 'health_check_concurrency')).toMatchObject({
      field_value: null,
      stored_in_db: null,
    });
    expect(await remove(gateway, 'router_settings', 'timeout')).toMatchObject({ status: 400 });
  }
  await using gateway = await start({ more });
  expect(await inForce(gateway)).toEqual({ timeout: 30, stream_timeout: 40 });
});

test('a provider’s key is stored sealed, shown to nobody, and serves from the next start on', async () => {
  const chat = async (on: GatewayProcess): Promise<number> => {
    const answer = await postChat({
      url: on.url,
      key: MASTER_KEY,
      body: { model: 'gpt', messages: MESSAGES, max_tokens: 5 },
    });
    await answer.text();
    return answer.status;
  };
  const seen: string[] = [];
  {
    await using gateway = await start();
    expect(await chat(gateway)).toBe(400);
    const answers = [
      await update(gateway, { environment_variables: { OPENAI_API_KEY: 'an-old-key-of-somebody' } }),
      await post(gateway, '/config/field/update', {
        config_type: 'environment_variables',
        field_name: 'OPENAI_API_KEY',
        field_value: PROVIDER_KEY,
      }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[1]?.body).toEqual({
      param_name: 'environment_variables',
      param_value: { OPENAI_API_KEY: '****' },
    });
    expect(await chat(gateway)).toBe(400);
    seen.push(...answers.map(told), gateway.output());
  }
  const { OPENAI_API_KEY = '' } = (await stored('environment_variables')) ?? {};
  expect(new SaltKeys(SALT).open(OPENAI_API_KEY)).toBe(PROVIDER_KEY);
  const rows = await audited();
  expect(rows.map(({ action, object_id }) => [action, object_id])).toEqual([
    ['created', 'environment_variables'],
    ['updated', 'environment_variables'],
  ]);
  expect(rows[1]?.before_value?.param_value).not.toEqual(rows[1]?.updated_values?.param_value);
  {
    await using gateway = await start({ environment: { OPENAI_API_KEY: 'the-machine-has-another' } });
    expect(await chat(gateway)).toBe(200);
    seen.push(
      JSON.stringify(await get(gateway, '/config/list?config_type=general_settings')),
      gateway.output(),
    );
    // A mask that comes back is none.
    const masked = await update(gateway, { environment_variables: { OPENAI_API_KEY: '****' } });
    expect(masked.status).toBe(400);
  }
  seen.push(JSON.stringify(rows));
  for (const secret of [PROVIDER_KEY, 'an-old-key-of-somebody'])
    expect(seen.join('\n')).not.toContain(secret);
});

describe('nothing is stored', () => {
  test.each<[string, object, string]>([
    [
      'of what protects',
      { general_settings: { budget_enforcement: 'compatible' } },
      'is set in config.yaml alone',
    ],
    [
      'of what says what is stored',
      { general_settings: { ignore_stored_settings: false } },
      'alone, because',
    ],
    ['of what nobody knows', { router_settings: { tiemout: 3 } }, "did you mean 'timeout'?"],
    ['of what is not served', { router_settings: { num_retries: 3 } }, 'is not served yet'],
    ['of a wrong type', { router_settings: { timeout: [] } }, 'router_settings.timeout: must be a number'],
    ['of a wrong value', { litellm_settings: { timezone: 'Mars/Olympus' } }, 'is no time zone'],
    [
      'beside what is wrong',
      { router_settings: { stream_timeout: 3 }, general_settings: { on_client_disconnect: 'wait' } },
      'general_settings.on_client_disconnect: must be drain or cancel',
    ],
    [
      'above what the file allows',
      { litellm_settings: { default_key_generate_params: { max_budget: 1000 } } },
      'default_key_generate_params.max_budget',
    ],
    ['of models', { model_list: [] }, '/model/new'],
    ['of credentials', { credential_list: [] }, 'stands in config.yaml alone'],
    ['of a section that nobody knows', { general_setting: {} }, "did you mean 'general_settings'?"],
    ['of null', { router_settings: { timeout: null } }, '/config/field/delete'],
    ['of nothing', {}, 'Nothing to store'],
    [
      'of the machine’s variables',
      { environment_variables: { DATABASE_URL: 'x' } },
      'variable of this machine',
    ],
    ['of addresses', { environment_variables: { OPENAI_BASE_URL: 'https://example.com' } }, 'where calls go'],
    ['of a variable without a text', { environment_variables: { OPENAI_API_KEY: {} } }, 'must be a text'],
    [
      'that reads the environment',
      { litellm_settings: { timezone: 'os.environ/LITELLM_SALT_KEY' } },
      'refers to the environment',
    ],
  ])('%s', async (_title, body, why) => {
    await using gateway = await start({
      more: { litellm_settings: { upperbound_key_generate_params: { max_budget: 10 } } },
    });
    const answer = await update(gateway, body);
    expect(answer.status).toBe(400);
    expect(told(answer)).toContain(why);
    expect(told(answer)).not.toContain(SALT);
    const { rows } = await db.query('SELECT FROM "LiteLLM_Config"');
    expect(rows).toEqual([]);
  });

  test.each<[string, object, number, string]>([
    [
      'where the file keeps no models in the database',
      { store_model_in_db: false },
      500,
      'store_model_in_db',
    ],
    ['where the API changes none', { disable_add_model_via_api: true }, 403, 'disable_add_model_via_api'],
    ['where the operator ignores it', { ignore_stored_settings: true }, 403, 'ignore_stored_settings'],
  ])('%s', async (_title, general, status, why) => {
    await using gateway = await start({ general });
    const answer = await update(gateway, { router_settings: { timeout: 3 } });
    expect(answer.status).toBe(status);
    expect(told(answer)).toContain(why);
    expect(await stored('router_settings')).toBeUndefined();
  });
});

test('two gateways that store at once lose nothing', async () => {
  await using first = await start();
  await using second = await start();
  const names = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'].map((letter) => `${letter}_API_KEY`);
  const answers = await Promise.all(
    names.map((name, index) =>
      update(index % 2 === 0 ? first : second, {
        environment_variables: { [name]: `value of ${name}` },
        general_settings: index % 2 === 0 ? { proxy_batch_write_at: 5 } : { health_check_concurrency: 5 },
      }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200));
  const values = (await stored('environment_variables')) ?? {};
  const keys = new SaltKeys(SALT);
  expect(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, keys.open(value)]))).toEqual(
    Object.fromEntries(names.map((name) => [name, `value of ${name}`])),
  );
  expect(await stored('general_settings')).toEqual({ proxy_batch_write_at: 5, health_check_concurrency: 5 });
});

describe('a stored value that is wrong', () => {
  beforeEach(() => plant('router_settings', { timeout: 'soon', stream_timeout: 9 }));

  test('keeps a gateway from starting, and both it and its check name the place and the way out', async () => {
    for (const more of [[], ['--check']]) {
      const { code, output } = await runGateway(options(), more);
      expect(code).toBe(1);
      expect(output).toContain('"LiteLLM_Config" router_settings.timeout: must be a number');
      expect(output).toContain('general_settings.ignore_stored_settings: true');
    }
  });

  test('does not once it is ignored, and is then taken out', async () => {
    {
      await using gateway = await start({ general: { ignore_stored_settings: true } });
      expect(await inForce(gateway)).toEqual({});
      expect(await remove(gateway, 'router_settings', 'timeout')).toMatchObject({ status: 200 });
    }
    await using gateway = await start();
    expect(await inForce(gateway)).toEqual({ stream_timeout: 9 });
  });

  test('is not read where the database holds no settings', async () => {
    await using gateway = await start({ general: { store_model_in_db: false } });
    expect(await inForce(gateway)).toEqual({});
  });
});

test('a check says when the database cannot be asked, and what it would have looked at', async () => {
  const environment = { DATABASE_URL: 'postgresql://litellm@127.0.0.1:1/litellm' };
  const { code, output } = await runGateway(options({ environment }), ['--check']);
  expect(code).toBe(0);
  expect(output).toContain('Settings that the database holds were not looked at: ');
  expect(output).toContain('good;');
  const begun = await runGateway(options({ environment }));
  expect(begun.code).toBe(1);
});

test('another salt key: variables are sealed anew with the others, those of two keys too', async () => {
  const old = new SaltKeys('salt-of-before');
  const before = await start({ environment: { LITELLM_SALT_KEY: 'salt-of-before' } });
  await update(before, { environment_variables: { OPENAI_API_KEY: PROVIDER_KEY } });
  await before.stop();
  const between = { LITELLM_SALT_KEY: SALT, LITELLM_SALT_KEY_PREVIOUS: 'salt-of-before' };
  {
    await using gateway = await start({ environment: between });
    await update(gateway, { environment_variables: { GROQ_API_KEY: 'of-groq' } });
  }
  const { OPENAI_API_KEY = '' } = (await stored('environment_variables')) ?? {};
  expect(old.open(OPENAI_API_KEY)).toBe(PROVIDER_KEY);
  const { stdout } = await runProgram(process.execPath, [gatewayBundle.migrate, 'reseal'], {
    env: { DATABASE_OWNER_URL: database.ownerUrl, ...between },
  });
  expect(stdout).toContain('sealed anew: 1; not readable: 0');
  const keys = new SaltKeys(SALT);
  const values = (await stored('environment_variables')) ?? {};
  expect(Object.entries(values).map(([name, value]) => [name, keys.open(value)])).toEqual([
    ['GROQ_API_KEY', 'of-groq'],
    ['OPENAI_API_KEY', PROVIDER_KEY],
  ]);
});

describe('a database that was LiteLLM’s', () => {
  const saltKey = { LITELLM_SALT_KEY: sealed.saltKey };
  const rows = [
    {
      param_name: 'environment_variables',
      param_value: JSON.stringify({
        XAI_API_KEY: sealed.legacy,
        GROQ_API_KEY: sealed.v2,
        OPENAI_API_KEY: sealed.v3,
        LANGFUSE_HOST: 'none of these',
        DATABASE_URL: sealed.v3,
      }),
    },
    { param_name: 'router_settings', param_value: JSON.stringify({ timeout: 12, num_retries: 3 }) },
    {
      param_name: 'general_settings',
      param_value: JSON.stringify({
        alerting: ['slack'],
        alert_to_webhook_url: { budget_alerts: 'https://hooks.example.com/secret' },
      }),
    },
    { param_name: 'model_list', param_value: JSON.stringify([{ model_name: 'old' }]) },
  ];
  beforeEach(async () => {
    await db.end();
    database = await postgres.createDatabase({ migrated: false });
    await litellmDatabase(database, { LiteLLM_Config: rows });
    await prepareDatabase(database.ownerUrl, { runtimeRole: 'litellm' });
    db = new Client({ connectionString: database.ownerUrl });
    await db.connect();
    return () => db.end();
  });

  test('keeps its settings, what may count does, and the rest is named and left', async () => {
    await using gateway = await start({ environment: saltKey });
    expect(await inForce(gateway)).toEqual({ timeout: 12 });
    const { data } = await get<{ data: { id: string }[] }>(gateway, '/v1/models');
    expect(data.map(({ id }) => id)).toEqual(['gpt']);
    for (const name of [
      'router_settings.num_retries',
      'general_settings.alerting',
      'environment_variables.DATABASE_URL',
    ]) {
      expect(gateway.output()).toContain(`"setting":"${name}"`);
    }
    const answer = await post(gateway, '/config/field/update', {
      config_type: 'general_settings',
      field_name: 'proxy_batch_write_at',
      field_value: 4,
    });
    expect(answer.body.param_value).toEqual({
      alerting: '****',
      alert_to_webhook_url: '****',
      proxy_batch_write_at: 4,
    });
    expect(JSON.stringify(await audited())).not.toContain('hooks.example.com');
    expect(await listed(gateway, 'alerting')).toMatchObject({ field_value: null });
    expect(await stored('general_settings')).toMatchObject({ alerting: ['slack'], proxy_batch_write_at: 4 });
    expect(await stored('model_list')).toEqual([{ model_name: 'old' }]);
  });

  test('has its variables sealed anew', async () => {
    const env = {
      DATABASE_OWNER_URL: database.ownerUrl,
      LITELLM_SALT_KEY: SALT,
      LITELLM_SALT_KEY_PREVIOUS: sealed.saltKey,
    };
    const { stdout } = await runProgram(process.execPath, [gatewayBundle.migrate, 'reseal'], { env });
    expect(stdout).toContain('sealed anew: 1; not readable: 0');
    const { LANGFUSE_HOST = '', ...values } = (await stored('environment_variables')) ?? {};
    const keys = new SaltKeys(SALT);
    expect(keys.open(LANGFUSE_HOST)).toBe('none of these');
    for (const value of Object.values(values)) expect(keys.open(value)).toBe(sealed.text);
  });

  test('a variable that no key opens is named, and keeps nobody from starting', async () => {
    await using gateway = await start();
    expect(gateway.output()).toContain('"setting":"environment_variables.OPENAI_API_KEY"');
    expect(await inForce(gateway)).toEqual({ timeout: 12 });
  });
});

test('a table that LiteLLM has left in a database which was taken over before is used as it is', async () => {
  await db.query('DROP TABLE "LiteLLM_Config"');
  await db.query("DELETE FROM schema_migrations WHERE name LIKE '%stored-settings.sql'");
  await db.query(
    'CREATE TABLE "LiteLLM_Config" (param_name text PRIMARY KEY, param_value jsonb, last_run_at timestamp(3), reload_revision bigint NOT NULL DEFAULT 0)',
  );
  await plant('router_settings', { timeout: 5 });
  const { migrations } = await prepareDatabase(database.ownerUrl, { runtimeRole: 'litellm' });
  expect(migrations).toEqual([expect.stringContaining('stored-settings')]);
  await using gateway = await start();
  expect(await inForce(gateway)).toEqual({ timeout: 5 });
  await manage(gateway.url, '/config/update', { router_settings: { stream_timeout: 6 } });
  expect(await stored('router_settings')).toEqual({ timeout: 5, stream_timeout: 6 });
});
