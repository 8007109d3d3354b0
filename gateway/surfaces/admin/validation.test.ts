import { expect, test } from 'vitest';
import { inventedNames } from '../../config/known-keys.ts';
import { readGenerate, readUpdate } from './key-requests.ts';
import { readMemberAdd, readNewTeam } from './team-requests.ts';
import { readNewUser } from './user-requests.ts';
import { bodyReader } from './validation.ts';

const bytes = (body: object): Buffer => Buffer.from(JSON.stringify(body));
const plain = bodyReader({ type: 'object', properties: { key: { type: 'string' } } });

test.each([...inventedNames.keys()])('a body that says %s is refused, naming what to do instead', (name) => {
  expect(() => plain(bytes({ key: 'x', [name]: 1 }))).toThrow(
    expect.objectContaining({
      status: 400,
      param: name,
      message: expect.stringMatching(new RegExp(`'${name}' would do nothing: .{20}`)),
    }),
  );
});

test('the list of models that guides call allowed_models is that of keys, teams and users', () => {
  const allowed_models = ['m1'];
  const models = { models: ['m1'] };
  expect(readGenerate(bytes({ allowed_models }))).toEqual(models);
  expect(readUpdate(bytes({ key: 'sk-1', allowed_models }))).toEqual({ key: 'sk-1', ...models });
  expect(readNewTeam(bytes({ allowed_models }))).toEqual(models);
  expect(readNewUser(bytes({ allowed_models }))).toEqual(models);
});

test('allowed_models of a member is LiteLLM’s own field, and not made up', () => {
  const body = { team_id: 'red', member: { role: 'user', user_id: 'ada' }, allowed_models: ['m1'] };
  expect(readMemberAdd(bytes(body))).toEqual(body);
});

test('what nobody knows is ignored, and told by its name', () => {
  const body = bytes({ key: 'x', colour: 'red' });
  expect(plain(body)).toMatchObject({ key: 'x' });
  expect(plain.ignored(body)).toEqual(['colour']);
});
