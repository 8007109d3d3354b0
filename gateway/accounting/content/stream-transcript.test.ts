import { expect, test } from 'vitest';
import { StreamTranscript } from './stream-transcript.ts';

const FACTS = { responseId: 'chatcmpl-1', model: 'gpt', usage: { total_tokens: 3 } };

function answerOf(chunks: readonly unknown[], most = 1000) {
  const transcript = new StreamTranscript(most);
  for (const chunk of chunks) transcript.add(Buffer.from(JSON.stringify(chunk)));
  return JSON.parse(transcript.answer(FACTS) ?? '');
}
const says = (delta: object, index = 0, finish_reason: string | null = null) => [
  { index, delta, finish_reason },
];

test('pieces become the answer that they make', () => {
  const answer = answerOf([
    says({ role: 'assistant', content: '', reasoning_content: 'hm' }),
    says({ content: 'Hello' }),
    says({ content: ', wörld' }),
    says({}, 0, 'stop'),
  ]);
  expect(answer).toEqual({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model: 'gpt',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Hello, wörld', reasoning_content: 'hm' },
        finish_reason: 'stop',
      },
    ],
    usage: { total_tokens: 3 },
  });
});

test('choices that are said at the same time are kept apart, calls of tools too', () => {
  const call = (index: number, more: object) => ({ tool_calls: [{ index, ...more }] });
  const answer = answerOf([
    says({ content: 'one' }),
    says({ content: 'two' }, 1),
    says(call(0, { id: 'a', type: 'function', function: { name: 'look', arguments: '{"x"' } })),
    says(call(1, { id: 'b', type: 'function', function: { name: 'find', arguments: '' } })),
    says(call(0, { id: 'a', function: { arguments: ':1}' } })),
    says({}, 0, 'tool_calls'),
  ]);
  expect(answer.choices).toMatchObject([
    {
      index: 0,
      message: {
        content: 'one',
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'look', arguments: '{"x":1}' } },
          { id: 'b', type: 'function', function: { name: 'find', arguments: '' } },
        ],
      },
      finish_reason: 'tool_calls',
    },
    { index: 1, message: { content: 'two' }, finish_reason: null },
  ]);
});

test('a long answer keeps beginning and end', () => {
  const answer = answerOf(
    Array.from({ length: 5000 }, (_, at) => says({ content: `${at} ` })),
    50,
  );
  expect(answer.choices[0].message.content).toMatch(/^0 1 2 .*litellm_truncated skipped \d+ chars.* 4999 $/s);
});

test('what cannot be read is passed over, and no part is made without end', () => {
  const transcript = new StreamTranscript(10);
  for (const odd of ['nonsense', 'null', '[1,null,{"delta":7},{"index":"x","delta":{"tool_calls":{}}}]']) {
    transcript.add(Buffer.from(odd));
  }
  for (let index = 0; index < 1000; index++) transcript.add(Buffer.from(JSON.stringify(says({}, index))));
  const { choices } = JSON.parse(transcript.answer(FACTS) ?? '');
  expect(choices).toHaveLength(128);
});
