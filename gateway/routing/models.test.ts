import { expect, test } from 'vitest';
import { modelTeam } from '../config/model-team.ts';
import { readStoredModel } from '../config/stored-model.ts';
import { subjects } from '../identity/subjects.ts';
import { Models, type StoredModel } from './models.ts';

const NOW = Date.UTC(2026, 10, 29);
const rules = {
  allowUnknown: false,
  environment: { OPENAI_API_KEY: 'x' },
  timeouts: { timeoutMs: 1000, streamTimeoutMs: 1000 },
  limits: { enforced: false, parallel: null },
  credentials: new Map(),
};

function stored(modelName: string, model = 'openai/gpt-4o', blocked = false, info = {}): StoredModel {
  const entry = { id: `id-of-${modelName}`, modelName, params: { model }, info };
  const read = readStoredModel(entry, { rules, stored: new Map() }, new Set());
  return { id: entry.id, modelName, team: modelTeam(info, modelName), blocked, info, ...read };
}

/** Models over a database that a test writes, and what was logged. */
function setUp(load: (() => Promise<readonly StoredModel[]>) | null) {
  const logged: string[] = [];
  const note = (_object: unknown, message?: string) => void logged.push(String(message));
  const models = new Models({
    file: { deployments: [], aliases: {} },
    load,
    now: () => NOW,
    logger: { warn: note, error: note } as never,
  });
  return { models, logged, names: () => models.listed(null).map(({ name }) => name) };
}

test('a change of a model or of a credential reads all of them anew, no other change does', async () => {
  let database: StoredModel[] = [];
  const { models, names } = setUp(async () => database);
  await models.refresh();
  database = [stored('one')];
  await models.evict(subjects.team('red'));
  expect(names()).toEqual([]);
  await models.evict(subjects.model('id-of-one'));
  expect(names()).toEqual(['one']);
  database = [];
  await models.evict(subjects.credential('any'));
  expect(names()).toEqual([]);
});

test('a change that comes while an older reading is under way is in force when it is answered', async () => {
  const readings: ((models: readonly StoredModel[]) => void)[] = [];
  const { models, names } = setUp(() => new Promise((resolve) => readings.push(resolve)));
  const [first, second] = [models.refresh(), models.refresh()];
  await Promise.resolve();
  readings[0]?.([stored('old')]);
  await first;
  await Promise.resolve();
  readings[1]?.([stored('new')]);
  await second;
  expect(names()).toEqual(['new']);
});

test('while the database is away the last models serve, and they are read anew when it answers', async () => {
  let answers = true;
  const { models, names } = setUp(async () => {
    if (!answers) throw new Error('away');
    return [stored('one')];
  });
  await models.refresh();
  answers = false;
  await expect(models.evict(subjects.model('x'))).rejects.toThrow('away');
  expect(names()).toEqual(['one']);
  answers = true;
  models.confirmed();
  await expect.poll(names).toEqual(['one']);
});

test('what is blocked or wrong is not served, and each fault is told once', async () => {
  const { models, logged, names } = setUp(async () => [
    stored('good'),
    stored('blocked', 'openai/gpt-4o', true),
    stored('wrong', 'nobody/gpt-4o'),
  ]);
  await models.refresh();
  await models.refresh();
  expect(names()).toEqual(['good']);
  expect(models.stored.map(({ modelName }) => modelName)).toEqual(['good', 'blocked', 'wrong']);
  expect(logged).toEqual(['a model of the database is not served']);
});

test('a model of a team that is blocked or wrong leaves its name to no other', async () => {
  const { models } = setUp(async () => [
    stored('shared'),
    stored('one', 'openai/gpt-4o', true, { team_id: 'red', team_public_model_name: 'shared' }),
    stored('two', 'nobody/gpt-4o', false, { team_id: 'blue', team_public_model_name: 'shared' }),
  ]);
  await models.refresh();
  const active = [null, 'red', 'blue'].map((teamId) => models.find('shared', teamId)?.active);
  expect(active).toEqual([true, false, false]);
});

test('where none are served, nothing is read', async () => {
  const { models, names } = setUp(null);
  await models.evict(subjects.model('x'));
  expect(names()).toEqual([]);
});
