import { expect, test } from 'vitest';
import { type Medium, mediumOf, mediumTokens } from './media-tokens.ts';

const tokens = (part: Readonly<Record<string, unknown>>, model: string): number =>
  mediumTokens(mediumOf(part) as Medium, part, model);

const picture = (more: object) => ({
  type: 'image_url',
  image_url: { url: 'data:image/png;base64,AAAA', ...more },
});

test.each([
  ['OpenAI’s picture', { type: 'image_url' }, 'picture'],
  ['a picture of Responses', { type: 'input_image' }, 'picture'],
  ['Anthropic’s picture', { type: 'image', source: {} }, 'picture'],
  ['OpenAI’s sound', { type: 'input_audio' }, 'sound'],
  ['a sound without a type', { audio_url: {} }, 'sound'],
  ['a video', { type: 'video_url' }, 'video'],
  ['OpenAI’s file', { type: 'file' }, 'file'],
  ['Anthropic’s file', { type: 'document' }, 'file'],
  ['a refusal', { type: 'refusal', refusal: 'no' }, undefined],
  ['a text', { type: 'text', text: 'image_url' }, undefined],
])('%s is known by its names', (_what, part, medium) => {
  expect(mediumOf(part)).toBe(medium);
});

test.each([
  ['gpt-4o', 'high', 1445],
  ['gpt-4o', 'low', 85],
  ['gpt-4o-mini', 'auto', 48_169],
  ['gpt-4o-mini', 'low', 2833],
  ['gpt-4.1', 'auto', 1445],
  ['gpt-4.1-nano', 'auto', 3779],
  ['gpt-5', 'low', 70],
  ['gpt-5-2025-08-07', 'high', 1190],
  ['o3', 'high', 1275],
  ['gpt-6-sol', 'original', 24_600],
  ['claude-opus-4-5', 'low', 16_384],
  ['gemini-2.5-pro', 'auto', 16_384],
])('%s: a picture in detail %s is at most %d tokens', (model, detail, most) => {
  expect(tokens(picture({ detail }), model)).toBe(most);
});

test('a picture counts the same however large its base64 is', () => {
  expect(tokens(picture({ url: `data:image/png;base64,${'A'.repeat(1_000_000)}` }), 'gpt-4o')).toBe(1445);
});

test.each([
  ['wav', 4_000_000 / 3, 8001],
  ['mp3', 4_000_000 / 3, 32_001],
  ['ogg', 4_000_000 / 3, 64_001],
])('a sound as %s counts by its size at the lowest rate', (format, characters, most) => {
  const data = 'A'.repeat(Math.floor(characters));
  expect(tokens({ type: 'input_audio', input_audio: { data, format } }, 'gpt-audio')).toBe(most);
});

test.each([
  ['a sound by its address', { type: 'audio_url', audio_url: { url: 'https://a.example/b.mp3' } }, 115_200],
  ['a video', { type: 'video_url', video_url: { url: 'https://a.example/b.mp4' } }, 1_048_576],
  ['a file by its id', { type: 'file', file: { file_id: 'file-1' } }, 460_000],
  ['a file in base64', { type: 'file', file: { file_data: 'A'.repeat(9_000_000) } }, 460_000],
])('%s is a flat maximum', (_what, part, most) => {
  expect(tokens(part, 'gpt-4o')).toBe(most);
});
