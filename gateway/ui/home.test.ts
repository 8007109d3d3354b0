import { expect, test } from 'vitest';
import { type GatewayState, nextSteps, providerLines, spanText } from './home.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const origin = { protocol: 'https', host: 'gateway.example' };
const state: GatewayState = {
  version: '1.0.0',
  startedAt: 0,
  providersEnvPath: '/etc/litellm/providers.env',
  models: [],
};
const database = { serverVersion: '17.1', schema: 4, virtualKeys: 0 };

test.each([
  [59 * SECOND, 'less than a minute'],
  [MINUTE, '1 min'],
  [2 * HOUR, '2 h'],
  [2 * HOUR + 5 * MINUTE, '2 h 5 min'],
  [3 * DAY + 4 * HOUR + 5 * MINUTE, '3 d 4 h'],
  [3 * DAY + 5 * MINUTE, '3 d'],
])('%i ms are shown as %s', (span, text) => {
  expect(spanText(span)).toBe(text);
});

test('models are grouped by provider and state, what works first', () => {
  const models = [
    { name: 'a', provider: 'openai', missing: 'OPENAI_API_KEY' },
    { name: 'b', provider: 'groq', missing: null },
    { name: 'c', provider: 'openai', missing: 'OPENAI_API_KEY' },
    { name: 'a', provider: 'openai', missing: 'OPENAI_API_KEY' },
  ];
  expect(providerLines(models)).toEqual([
    { provider: 'groq', missing: null, names: ['b'], count: '1 model' },
    { provider: 'openai', missing: 'OPENAI_API_KEY', names: ['a', 'c'], count: '2 models' },
  ]);
});

test('a step that was taken says so', () => {
  const models = [{ name: 'm', provider: 'groq', missing: null }];
  const before = nextSteps(state, database, origin).map(({ done }) => done);
  const after = nextSteps({ ...state, models }, { ...database, virtualKeys: 1 }, origin).map(
    ({ done }) => done,
  );
  expect([before, after]).toEqual([
    [false, false, false],
    [true, false, true],
  ]);
});

test('a model name with a quote cannot leave its place in the command', () => {
  const models = [{ name: "x'; reboot; '", provider: 'groq', missing: null }];
  const [, , step] = nextSteps({ ...state, models }, database, origin);
  expect(step?.commands).toContain(String.raw`["x'\''; reboot; '\''"]`);
});
