import { expect, test } from 'vitest';
import type { GatewayRequest } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { calculateHandlers } from './spend-calculate.ts';

/** A dollar for a thousand tokens sent, two for a thousand tokens made. */
const rates = {
  ...{ input: 10n ** 9n, cacheRead: 10n ** 9n, cacheWrite: 10n ** 9n, cacheWrite1h: 10n ** 9n },
  ...{ audioInput: 10n ** 9n, imageInput: 10n ** 9n, output: 2n * 10n ** 9n, reasoning: 2n * 10n ** 9n },
  ...{ audioOutput: 2n * 10n ** 9n, imageOutput: 2n * 10n ** 9n, request: 0n, perPico: 1n },
};
const tariff = [{ above: -1, rates, mostInput: rates.input, mostOutput: rates.output }];
const priced = { provider: 'openai', upstreamModel: 'gpt-real-2026', price: () => tariff };
const unpriced = { provider: 'openai', upstreamModel: 'gpt-secret', price: null };

const ofTeam = { ...priced, upstreamModel: 'gpt-of-team' };

type Deps = Parameters<typeof calculateHandlers>[0];
const groups: Readonly<Record<string, object>> = { gpt: priced, secret: unpriced };
const plan = {
  find: (name: string) => groups[name] && { take: () => [groups[name]] },
  entries: [
    { config: { team: { id: 'red' } }, deployment: ofTeam },
    { config: { team: null }, deployment: priced },
    { config: { team: null }, deployment: unpriced },
  ],
} as unknown as Deps['plan'];
/** A token a word. */
const counter = {
  count: async (_model: string, texts: readonly string[]) => texts.flatMap((text) => text.split(' ')).length,
};

async function ask(body: object, teamId: string | null = null): Promise<unknown> {
  const { calculateSpend } = calculateHandlers({ plan, counter, clock: () => 0 });
  const request = { body: Buffer.from(JSON.stringify(body)), headers: {} } as GatewayRequest;
  return await calculateSpend(request, {} as never, { teamId } as Identity);
}

const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };

test('a prompt costs what its tokens cost', async () => {
  // Three tokens around the message, "user" and two words.
  expect(await ask({ model: 'gpt', messages: [{ role: 'user', content: 'say something' }] })).toEqual({
    cost: 0.006,
  });
});

test('an answer costs what its provider says it took', async () => {
  expect(await ask({ completion_response: { model: 'gpt-real-2026', usage } })).toEqual({ cost: 0.12 });
});

test('what a model of a team costs is told to its team', async () => {
  const answer = { completion_response: { model: 'gpt-of-team', usage } };
  expect(await ask(answer, 'red')).toEqual({ cost: 0.12 });
  await expect(ask(answer, 'blue')).rejects.toMatchObject({ status: 400, param: 'model' });
});

test('an answer without usage is counted', async () => {
  const choices = [{ message: { role: 'assistant', content: 'three little words' } }];
  expect(await ask({ completion_response: { model: 'gpt', choices } })).toEqual({ cost: 0.006 });
});

test.each([
  [{}, 'model'],
  [{ model: 'gpt' }, 'messages'],
  [{ model: 'nobody', messages: [] }, 'model'],
  [{ model: 'secret', messages: [] }, 'model'],
])('%j is refused by the name of the field', async (body, param) => {
  await expect(ask(body)).rejects.toMatchObject({ status: 400, param });
});
