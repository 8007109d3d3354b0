/** Tags: which a call has, and what holds back those that have a budget. */
import type { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { until } from '../../packer/index.ts';
import { deployment, MESSAGES } from '../harness/chat.ts';
import { directPool } from '../harness/direct-pool.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { type GatewayProcess, MASTER_KEY, startGateway } from '../harness/gateway-process.ts';
import { type PostgresServer, startPostgres, type TestDatabase } from '../harness/postgres.ts';

/** What a call costs is its answer of 50 tokens, all but exactly 50 micro-dollars. */
const PRICE = { input_cost_per_token: 1e-9, output_cost_per_token: 1e-6 };
const CALL = 52e-6;

let postgres: PostgresServer;
let database: TestDatabase;
let provider: FakeProvider;
let db: Pool;
let gateway: GatewayProcess;
let closed: GatewayProcess;

const start = (general: object = {}, litellm: object = {}): Promise<GatewayProcess> =>
  startGateway({
    database,
    environment: { TEST_PROVIDER_KEY: provider.apiKey },
    config: stringify({
      general_settings: { proxy_batch_write_at: 0.05, budget_enforcement: 'strict', ...general },
      litellm_settings: litellm,
      model_list: [deployment('priced', provider.url, PRICE), deployment('other', provider.url, PRICE)],
    }),
  });

beforeAll(async () => {
  postgres = await startPostgres({ major: 17 });
  database = await postgres.createDatabase();
  provider = await startFakeProvider();
  db = directPool(postgres.superuserUrl(database.name));
  // An idle connection may outlive the pool's end until the server stops.
  db.on('error', () => undefined);
  [gateway, closed] = await Promise.all([
    start(),
    start({ reject_clientside_metadata_tags: true }, { disable_add_user_agent_to_request_tags: true }),
  ]);
});
afterAll(async () => {
  await Promise.all([gateway?.stop(), closed?.stop()]);
  await db?.end();
  await provider?.close();
  await postgres?.stop();
});

interface Sent {
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly at?: GatewayProcess;
}

async function send(path: string, body: object | undefined, { key = MASTER_KEY, headers, at }: Sent = {}) {
  const answer = await fetch(`${(at ?? gateway).url}${path}`, {
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: JSON.parse(await answer.text()) };
}

async function done(path: string, body?: object) {
  const answer = await send(path, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

const chat = (more: object = {}, sent: Sent = {}) =>
  send('/v1/chat/completions', { model: 'priced', messages: MESSAGES, max_tokens: 50, ...more }, sent);

/** The tags in the row of a call, once it is stored. */
async function tagsOf(answer: Awaited<ReturnType<typeof chat>>): Promise<unknown> {
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return until('the row of the call', 20_000, async () => {
    const { rows } = await db.query('SELECT request_tags FROM "LiteLLM_SpendLogs" WHERE request_id = $1', [
      answer.body.id,
    ]);
    expect(rows).toHaveLength(1);
    return rows[0].request_tags;
  });
}

test('a tag is made, changed, told, listed and deleted', async () => {
  const made = await done('/tag/new', {
    name: 'made',
    description: 'a project',
    max_budget: 5,
    rpm_limit: 9,
  });
  const tag = { name: 'made', description: 'a project', models: [], spend: 0, max_budget: 5, rpm_limit: 9 };
  expect(made).toMatchObject({ message: 'Tag made created successfully', tag });
  expect(await done('/tag/info', { names: ['made', 'nowhere'] })).toEqual({ made: made.tag });
  expect(await done('/tag/list')).toContainEqual(made.tag);
  const changes = { name: 'made', description: null, max_budget: 6, soft_budget: 2, spend: 1.5 };
  expect((await done('/tag/update', changes)).tag).toMatchObject({
    ...changes,
    rpm_limit: 9,
    budget_id: made.tag.budget_id,
  });
  await done('/budget/new', { budget_id: 'of-tags', max_budget: 1 });
  const linked = await done('/tag/update', { name: 'made', budget_id: 'of-tags' });
  expect(linked.tag).toMatchObject({ budget_id: 'of-tags', max_budget: 1, rpm_limit: null });
  expect(await done('/tag/delete', { name: 'made' })).toEqual({ message: 'Tag made deleted successfully' });
  expect((await send('/tag/info', { names: ['made'] })).status).toBe(404);
});

test.each([
  ['a name that is taken', '/tag/new', { name: 'twice' }, 400],
  ['a tag without a name', '/tag/new', {}, 422],
  ['a budget that is named and described', '/tag/new', { name: 'x', budget_id: 'y', max_budget: 1 }, 422],
  ['a budget that is not there', '/tag/new', { name: 'x', budget_id: 'y' }, 400],
  ['an update of an unknown tag', '/tag/update', { name: 'nowhere' }, 404],
  ['the deletion of an unknown tag', '/tag/delete', { name: 'nowhere' }, 404],
  ['models of a tag, which would route nothing', '/tag/new', { name: 'x', models: ['m'] }, 400],
  [
    'a limit beside the budget of a model, which is a key’s alone',
    '/tag/update',
    { name: 'twice', model_max_budget: { m: { max_budget: 1, rpm_limit: 5 } } },
    400,
  ],
])('%s is refused', async (_what, path, body, status) => {
  await send('/tag/new', { name: 'twice' });
  expect((await send(path, body)).status).toBe(status);
});

test('a call has the tags that it names, those of its key and its team, and its program', async () => {
  const { team_id } = await done('/team/new', { tags: ['of-team'] });
  const { key, tags } = await done('/key/generate', { team_id, tags: ['of-key'], metadata: { cost: 7 } });
  expect(tags).toEqual(['of-key']);
  const sent = { key, headers: { 'user-agent': 'a-client/1.0', 'x-litellm-tags': 'of-header' } };
  expect(await tagsOf(await chat({ tags: ['of-body'] }, sent))).toEqual([
    'of-body',
    'of-header',
    'of-key',
    'of-team',
    'User-Agent: a-client',
    'User-Agent: a-client/1.0',
  ]);
  await done('/key/update', { key, tags: null });
  expect(await tagsOf(await chat({}, { ...sent, at: closed, headers: {} }))).toEqual(['of-team']);
});

test('where the operator takes no tags from clients a call with some is refused', async () => {
  const refused = await chat({ metadata: { tags: ['red'] } }, { at: closed });
  expect(refused).toMatchObject({
    status: 400,
    body: { error: { type: 'bad_request_error', param: 'metadata.tags' } },
  });
});

test('a team’s tags are changed by who governs it: whoever runs it stays within their budgets', async () => {
  const { team_id } = await done('/team/new', { tags: ['paid'], admins: ['lead'] });
  const { key } = await done('/key/generate', { user_id: 'lead' });
  for (const fields of [{ tags: [] }, { metadata: { tags: ['other'] } }]) {
    expect((await send('/team/update', { team_id, ...fields }, { key })).status).toBe(403);
  }
  const { data } = (await send('/team/update', { team_id, metadata: { cost: 7 } }, { key })).body;
  expect(data.metadata).toEqual({ cost: 7, tags: ['paid'] });
});

test('who has a tagged key makes others with the tag, and takes it from none', async () => {
  await done('/user/new', { user_id: 'tagged', user_role: 'internal_user', auto_create_key: false });
  const { key } = await done('/key/generate', { user_id: 'tagged', tags: ['of-project'] });
  const other = (await done('/key/generate', { user_id: 'tagged' })).key;
  const refused = { status: 403, body: { error: { param: 'tags' } } };
  expect(await send('/key/generate', {}, { key })).toMatchObject(refused);
  const made = await send('/key/generate', { tags: ['more', 'of-project'] }, { key });
  expect(made.status).toBe(200);
  expect(await send('/key/update', { key: made.body.key, tags: ['more'] }, { key })).toMatchObject(refused);
  expect((await send('/key/update', { key: made.body.key, tags: null }, { key: other })).status).toBe(200);
});

test('tags that no operator has made leave no rows, and hold nobody back', async () => {
  expect(await tagsOf(await chat({ tags: ['only-a-word'] }))).toContain('only-a-word');
  const { rows } = await db.query(`SELECT 1 FROM "LiteLLM_TagTable" WHERE tag_name = 'only-a-word'`);
  expect(rows).toEqual([]);
});

test('of many calls at once exactly those pass for which each of their tags has room', async () => {
  await done('/tag/new', { name: 'wide', max_budget: 9 * CALL });
  await done('/tag/new', { name: 'narrow', max_budget: 3 * CALL });
  const before = provider.requests.length;
  const both = { tags: ['wide', 'narrow'] };
  const answers = await Promise.all(Array.from({ length: 20 }, () => chat(both)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
  expect(provider.requests.length - before).toBe(3);
  for (const { body } of answers.filter(({ status }) => status === 429)) {
    expect(body.error.message).toMatch(/^Budget has been exceeded! Tag=narrow Current cost: /);
  }
  const more = await Promise.all(Array.from({ length: 20 }, () => chat({ tags: ['wide'] })));
  expect(more.filter(({ status }) => status === 200)).toHaveLength(6);
  // Whoever has none of these tags goes on; a deleted one holds nobody.
  expect((await chat()).status).toBe(200);
  await done('/tag/delete', { name: 'narrow' });
  await done('/tag/update', { name: 'wide', max_budget: null });
  expect((await chat(both)).status).toBe(200);
});

test('a tag’s budget for one model holds calls to that model alone', async () => {
  await done('/tag/new', { name: 'part', model_max_budget: { priced: { max_budget: 2 * CALL } } });
  const part = { tags: ['part'] };
  const answers = await Promise.all(Array.from({ length: 5 }, () => chat(part)));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 429, 429, 429]);
  expect(answers.find(({ status }) => status === 429)?.body.error.message).toMatch(
    /^Budget has been exceeded! Tag=part Model=priced Current cost: /,
  );
  expect((await chat({ ...part, model: 'other' })).status).toBe(200);
});

test('a tag’s limits hold for all calls with it', async () => {
  await done('/tag/new', { name: 'slow', rpm_limit: 2 });
  const answers = await Promise.all([1, 2, 3, 4].map(() => chat({ tags: ['slow'] })));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 429, 429]);
  expect((await chat({ tags: ['other'] })).status).toBe(200);
});
