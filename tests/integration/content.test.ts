/** What is said in calls, and with which keys, stands where the operator wants it and nowhere else. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { until } from '../../packer/index.ts';
import { searchDatabase } from '../harness/canaries.ts';
import { deployment, postChat } from '../harness/chat.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, MASTER_KEY, startGateway } from '../harness/gateway-process.ts';
import { manage } from '../harness/manage.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';

const PROMPT = 'canary-prompt-7f3a';
const ANSWER = 'canary-answer-91bc';
const PASSWORD = 'canary-password-52de';
const WRONG_PASSWORD = 'canary-password-0a77';
const WRONG_KEY = ['sk', 'canary-wrong-key-c4d1'].join('-');
const PROVIDER_KEY = ['sk', 'canary-provider-key-e8f2'].join('-');
const SALT = 'canary-salt-66b9';

let postgres: PostgresServer;
let provider: FakeProvider;
let journal: string;

beforeAll(async () => {
  journal = mkdtempSync(join(tmpdir(), 'litellm-content-'));
  postgres = await startPostgres({ major: 17 });
  provider = await startFakeProvider({ apiKey: PROVIDER_KEY });
});
afterAll(async () => {
  await provider?.close();
  await postgres?.stop();
  rmSync(journal, { recursive: true, force: true });
});

/** All that the journals of running gateways hold. */
function journaled(): string {
  const files = readdirSync(journal, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1')).join('');
}

interface Settings {
  readonly general?: object;
  readonly litellm?: object;
}

function serve(
  database: TestDatabase,
  { general = {}, litellm = {} }: Settings = {},
): Promise<GatewayProcess> {
  return startGateway({
    database,
    environment: {
      TEST_PROVIDER_KEY: PROVIDER_KEY,
      UI_PASSWORD: PASSWORD,
      LITELLM_SALT_KEY: SALT,
      LITELLM_SPEND_DIR: journal,
    },
    config: stringify({
      general_settings: { proxy_batch_write_at: 0.05, ...general },
      litellm_settings: litellm,
      model_list: [deployment('gpt', provider.url, { input_cost_per_token: 1e-6 })],
    }),
  });
}

async function connected<T>(database: TestDatabase, work: (db: Client) => Promise<T>): Promise<T> {
  const db = new Client({ connectionString: postgres.superuserUrl(database.name) });
  await db.connect();
  try {
    return await work(db);
  } finally {
    await db.end();
  }
}

type Row = Readonly<Record<string, unknown>>;

/** The rows of so many calls, by the models' user, as soon as they are stored; refused requests have rows as well. */
function storedRows(database: TestDatabase, count: number): Promise<ReadonlyMap<unknown, Row>> {
  return connected(database, (db) =>
    until(`${count} spend rows`, 20_000, async () => {
      const { rows } = await db.query(`SELECT * FROM "LiteLLM_SpendLogs" WHERE call_type <> ''`);
      expect(rows).toHaveLength(count);
      return new Map(rows.map((row) => [row.end_user, row]));
    }),
  );
}

const said = (prompt: string) => [{ role: 'user', content: `say ${prompt} please` }];
const answer = (content: string) =>
  JSON.stringify({
    id: 'chatcmpl-canary',
    model: 'theirs',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  });
const streamed = (...contents: readonly string[]): string =>
  [
    ...contents.map((content) => ({ id: 'chatcmpl-c', choices: [{ index: 0, delta: { content } }] })),
    { id: 'chatcmpl-c', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    { id: 'chatcmpl-c', choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } },
  ]
    .map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`)
    .join('')
    .concat('data: [DONE]\n\n');
const asStream = (body: string) => ({ kind: 'raw', body, contentType: 'text/event-stream' }) as const;
const refusal = { message: `cannot serve '${PROMPT}' with ${PROVIDER_KEY}`, type: 'invalid_request_error' };

interface Asking {
  readonly gateway: GatewayProcess;
  readonly user: string;
  readonly prompt?: string;
  readonly key?: string;
  readonly more?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask({ gateway, user, prompt = PROMPT, key = MASTER_KEY, more = {}, headers = {} }: Asking) {
  const body = { model: 'gpt', user, messages: said(prompt), ...more };
  const response = await postChat({ url: gateway.url, body, key, headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

async function post(url: string, key: string, body: string): Promise<string> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body });
  expect(response.status).toBeGreaterThanOrEqual(400);
  return await response.text();
}

/** Signs in to the admin UI as a browser does; the page that is shown to who may not. */
async function signIn({ url }: GatewayProcess, password: string): Promise<string> {
  const form = await fetch(`${url}/ui/sign-in`);
  const csrf = /name="csrf" value="([^"]+)"/.exec(await form.text())?.[1] ?? '';
  const cookie = form.headers
    .getSetCookie()
    .map((each) => each.split(';', 1)[0])
    .join('; ');
  const page = await fetch(`${url}/ui/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, origin: url.replace('http:', 'https:') },
    body: new URLSearchParams({ csrf, user: 'admin', password }),
  });
  return await page.text();
}

describe('as shipped', () => {
  test('no prompt, no answer, no key and no password is stored, logged or told to anybody', async () => {
    const database = await postgres.createDatabase();
    const gateway = await serve(database);
    const { key, token } = (await manage(gateway.url, '/key/generate', { key_alias: 'canary-alias' })) as {
      key: string;
      token: string;
    };
    const secrets = { MASTER_KEY, key, PROVIDER_KEY, WRONG_KEY, PASSWORD, WRONG_PASSWORD, SALT };
    const errors: string[] = [];

    provider.script({ kind: 'raw', body: answer(ANSWER) }, asStream(streamed('well, ', ANSWER)));
    expect((await ask({ gateway, user: 'plain', key })).text).toContain(ANSWER);
    expect((await ask({ gateway, user: 'stream', key, more: { stream: true } })).text).toContain(ANSWER);

    // A provider that quotes is passed on to who has asked, without the operator's key.
    provider.script(
      { kind: 'status', status: 400, body: JSON.stringify({ error: { ...refusal, code: 'refused' } }) },
      asStream(`${streamed('well').split('\n\n', 1)[0]}\n\ndata: ${JSON.stringify({ error: refusal })}\n\n`),
    );
    const quoted = [
      await ask({ gateway, user: 'refused', key }),
      await ask({ gateway, user: 'broken', key, more: { stream: true } }),
    ].map(({ text }) => text);
    for (const text of quoted) {
      expect(text).toContain(PROMPT);
      for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
    }

    const chat = `${gateway.url}/v1/chat/completions`;
    const generate = `${gateway.url}/key/generate`;
    errors.push(
      await post(chat, key, `{"model":"gpt","messages":${PROMPT}}`),
      await post(chat, key, `{"model":"gpt","stream":"${PROMPT}"`),
      await post(chat, key, JSON.stringify({ model: 'gpt', tags: [[PROMPT]], messages: said(PROMPT) })),
      await post(chat, key, JSON.stringify({ model: 'none', messages: said(PROMPT) })),
      await post(chat, WRONG_KEY, JSON.stringify({ model: 'gpt', messages: said(PROMPT) })),
      await post(chat, WRONG_PASSWORD, '{}'),
      await post(generate, MASTER_KEY, PASSWORD),
      await post(generate, MASTER_KEY, `{"metadata":"${PASSWORD}`),
      await post(generate, MASTER_KEY, JSON.stringify({ key_alias: `${PASSWORD}\0` })),
      await post(generate, MASTER_KEY, JSON.stringify({ key })),
      await signIn(gateway, WRONG_PASSWORD),
      await signIn(gateway, PASSWORD),
    );

    // A table that takes no rows for a while: PostgreSQL quotes the row that it refuses.
    await connected(database, async (db) => {
      await db.query('ALTER TABLE "LiteLLM_SpendLogs" ADD CONSTRAINT closed CHECK (false) NOT VALID');
      provider.script({ kind: 'raw', body: answer(ANSWER) });
      expect((await ask({ gateway, user: 'late', key })).status).toBe(200);
      await gateway.logged('spend rows could not be stored; they wait in the journal');
      await db.query('ALTER TABLE "LiteLLM_SpendLogs" DROP CONSTRAINT closed');
    });

    const rows = await storedRows(database, 5);
    const onDisk = journaled();
    expect(onDisk).toContain(token);
    await gateway.stop();
    for (const user of ['plain', 'stream', 'refused', 'broken', 'late']) {
      expect(rows.get(user)).toMatchObject({
        api_key: token,
        messages: {},
        response: {},
        proxy_server_request: {},
      });
    }
    const canaries = { ...secrets, PROMPT, ANSWER };
    const { columns, found } = await connected(database, (db) =>
      searchDatabase(db, { ...canaries, alias: 'canary-alias', token }),
    );
    expect(columns).toBeGreaterThan(250);
    const { alias = [], token: tokens = [], ...rest } = found;
    // What is there is found.
    expect([alias, tokens].map((places) => places.length > 0)).toEqual([true, true]);
    expect(rest).toEqual(Object.fromEntries(Object.keys(canaries).map((name) => [name, []])));
    const told = gateway.output() + errors.join('') + onDisk;
    expect(told).toContain('"msg":"call"');
    expect(Object.values(canaries).filter((canary) => told.includes(canary))).toEqual([]);
  });
});

describe('with store_prompts_in_spend_logs', () => {
  let database: TestDatabase;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    database = await postgres.createDatabase();
    gateway = await serve(database, {
      general: { store_prompts_in_spend_logs: true },
      litellm: { redact_user_api_key_info: true },
    });
  });

  test('prompts and answers are in their columns, and in no others; redacted ones are nowhere', async () => {
    const HIDDEN = 'canary-hidden-prompt-3b5c';
    const HIDDEN_ANSWER = 'canary-hidden-answer-aa01';
    const keyWith = async (body: object) => String((await manage(gateway.url, '/key/generate', body)).key);
    const off = { metadata: { turn_off_message_logging: true } };
    const team = String((await manage(gateway.url, '/team/new', { models: [], ...off })).team_id);
    const [key, changed, ofKey, ofTeam] = [
      await keyWith({}),
      await keyWith({}),
      await keyWith(off),
      await keyWith({ team_id: team }),
    ];

    provider.script({ kind: 'raw', body: answer(ANSWER) }, asStream(streamed('well, ', ANSWER)));
    await ask({ gateway, user: 'plain', key });
    await ask({ gateway, user: 'stream', key, more: { stream: true, temperature: 0.5 } });
    provider.script({ kind: 'status', status: 400, body: JSON.stringify({ error: refusal }) });
    await ask({ gateway, user: 'refused', key });

    const hidden: readonly Omit<Asking, 'gateway'>[] = [
      { user: 'key', key: ofKey },
      { user: 'team', key: ofTeam, more: { stream: true } },
      { user: 'header', headers: { 'x-litellm-enable-message-redaction': 'true' } },
      { user: 'body', more: { turn_off_message_logging: true } },
      { user: 'lifted', key: ofKey, headers: { 'litellm-disable-message-redaction': 'true' } },
      { user: 'unlogged', more: { 'no-log': true } },
      { user: 'changed', key: changed },
    ];
    await ask({ gateway, user: 'unchanged', key: changed });
    await manage(gateway.url, '/key/update', { key: changed, ...off });
    for (const asking of hidden) {
      const whole = asking.user === 'team' ? asStream(streamed(HIDDEN_ANSWER)) : undefined;
      provider.script(whole ?? { kind: 'raw', body: answer(HIDDEN_ANSWER) });
      const { status, headers, text } = await ask({ gateway, key, prompt: HIDDEN, ...asking });
      expect([status, text.includes(HIDDEN_ANSWER)]).toEqual([200, true]);
      const ignored = asking.user === 'lifted' ? 'litellm-disable-message-redaction' : null;
      expect(headers.get('x-litellm-ignored-fields')).toBe(ignored);
    }

    const rows = await storedRows(database, 4 + hidden.length);
    expect(rows.get('plain')).toMatchObject({
      messages: said(PROMPT),
      proxy_server_request: { model: 'gpt', user: 'plain', messages: said(PROMPT) },
      response: { id: 'chatcmpl-canary', model: 'gpt', choices: [{ message: { content: ANSWER } }] },
    });
    expect(rows.get('stream')).toMatchObject({
      messages: said(PROMPT),
      proxy_server_request: { stream: true, temperature: 0.5 },
      response: {
        id: 'chatcmpl-c',
        choices: [{ index: 0, message: { content: `well, ${ANSWER}` }, finish_reason: 'stop' }],
        usage: { total_tokens: 5 },
      },
    });
    expect(rows.get('refused')).toMatchObject({ status: 'failure', messages: said(PROMPT), response: {} });
    expect(rows.get('unchanged')).toMatchObject({ messages: said(PROMPT) });
    for (const user of ['key', 'team', 'header', 'body', 'lifted', 'changed']) {
      const messages = [{ role: 'user', content: 'redacted-by-litellm' }];
      expect(rows.get(user)).toMatchObject({
        messages,
        proxy_server_request: { model: 'gpt', messages },
        response: { choices: [{ message: { content: 'redacted-by-litellm' } }] },
        total_tokens: 5,
      });
    }
    expect(rows.get('unlogged')).toMatchObject({ messages: {}, response: {}, proxy_server_request: {} });

    const secrets = { MASTER_KEY, PROVIDER_KEY, key, changed, ofKey, ofTeam, PASSWORD, SALT };
    const { found } = await connected(database, (db) =>
      searchDatabase(db, { ...secrets, HIDDEN, HIDDEN_ANSWER, PROMPT, ANSWER }),
    );
    const nowhere = Object.keys({ ...secrets, HIDDEN, HIDDEN_ANSWER }).map((name) => [name, []]);
    expect([journaled().includes(PROMPT), journaled().includes('canary-hidden')]).toEqual([true, false]);
    expect(found).toEqual({
      ...Object.fromEntries(nowhere),
      PROMPT: ['LiteLLM_SpendLogs.messages', 'LiteLLM_SpendLogs.proxy_server_request'],
      ANSWER: ['LiteLLM_SpendLogs.response'],
    });
  });

  test('a prompt that is too long is stored in part, and one that no column holds not at all: its row is there', async () => {
    const before = await connected(database, (db) => db.query('SELECT FROM "LiteLLM_SpendLogs"'));
    const picture = `data:image/png;base64,${'QUJD'.repeat(3_000_000)}`;
    const content = [
      { type: 'text', text: 'what is this?' },
      { type: 'image_url', image_url: { url: picture } },
    ];
    const impossible = JSON.parse('{"seed": 1e300}') as object;
    provider.script(
      ...Array.from({ length: 3 }, () => ({ kind: 'raw', body: answer('a \0 picture') }) as const),
    );
    await ask({ gateway, user: 'long', more: { messages: [{ role: 'user', content }] } });
    await ask({ gateway, user: 'nul', prompt: 'NUL \0 and half a pair \ud83d' });
    const body = JSON.stringify({ model: 'gpt', user: 'number', messages: said('x'), ...impossible });
    const number = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
      body: body.replace('1e+300', '1e300000'),
    });
    expect(number.status).toBe(200);

    const rows = await storedRows(database, before.rows.length + 3);
    const url = expect.stringMatching(
      /^data:image\/png;base64,(QUJD)+Q?U?J?\.\.\. \(litellm_truncated skipped \d+ bytes\) \.\.\.$/,
    );
    expect(rows.get('long')).toMatchObject({
      total_tokens: 5,
      messages: [{ content: [{ text: 'what is this?' }, { image_url: { url } }] }],
      response: { choices: [{ message: { content: 'a \ufffd picture' } }] },
    });
    expect(rows.get('nul')).toMatchObject({ messages: said('NUL \ufffd and half a pair \ufffd') });
    expect(rows.get('number')).toMatchObject({ total_tokens: 5, messages: {}, response: {} });
    expect(rows.get('number')?.request_id).toBe('chatcmpl-canary');
  });

  test('the log names no key, holds no prompt and no answer', async () => {
    await gateway.stop();
    const lines = gateway
      .output()
      .split('\n')
      .filter((line) => line.includes('"msg":"call"'));
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.filter((line) => !line.includes('"key":null'))).toEqual([]);
    for (const canary of [PROMPT, ANSWER, 'canary-hidden']) expect(gateway.output()).not.toContain(canary);
  });
});

test('a call that leaves no row leaves no prompt either, and the operator’s redaction is everybody’s', async () => {
  const database = await postgres.createDatabase();
  const store = { store_prompts_in_spend_logs: true };
  const hides = { litellm: { turn_off_message_logging: true, redact_messages_in_exceptions: false } };
  for (const disable_spend_logs of [true, false]) {
    const gateway = await serve(database, { general: { ...store, disable_spend_logs }, ...hides });
    provider.script({ kind: 'status', status: 400, body: JSON.stringify({ error: refusal }) });
    await ask({ gateway, user: 'refused' });
    provider.script({ kind: 'raw', body: answer(ANSWER) });
    await ask({ gateway, user: 'answered', more: { turn_off_message_logging: false } });
    await gateway.stop();
  }
  const rows = await storedRows(database, 2);
  expect(rows.get('answered')).toMatchObject({ messages: [{ content: 'redacted-by-litellm' }] });
  const { found } = await connected(database, (db) => searchDatabase(db, { PROMPT, ANSWER }));
  expect(found).toEqual({ PROMPT: [], ANSWER: [] });
});
