import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { findProvider, unservedWireFormat } from '../providers/catalogue.ts';
import overlay from './price-overlay.json' with { type: 'json' };
import schema from './price-overlay.schema.json' with { type: 'json' };
import { maxOutputTokens, type OverlayEntry, overlaySheet } from './price-overlay.ts';
import { tariffOf } from './price-sheet.ts';

const NOW = Date.UTC(2026, 10, 28);
const entries: readonly OverlayEntry[] = overlay;

describe('the overlay', () => {
  test('is what its schema says', () => {
    const ajv = new Ajv({ allErrors: true });
    const valid = ajv.validate(schema, overlay);
    expect(ajv.errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  test.each([
    ['without a source', { source: undefined }],
    ['with neither price nor limit', { max_output_tokens: undefined }],
    ['with a price as a number', { rates: { input: 1, output: '2' } }],
    ['with half a price', { rates: { input: '1' } }],
    ['with a day that is none', { effective: 'soon' }],
    ['with a kind of token that nobody counts', { rates: { input: '1', output: '2', smell: '3' } }],
  ])('refuses an entry %s', (_what, wrong) => {
    const entry = { provider: 'p', model: 'm', effective: '2026-01-01', max_output_tokens: 1 };
    const good = { ...entry, source: 'a page of the provider' };
    const validate = new Ajv().compile(schema);
    expect(validate([good])).toBe(true);
    expect(validate(JSON.parse(JSON.stringify([{ ...good, ...wrong }])))).toBe(false);
  });

  test('has one entry a model and day, so that their times do not overlap', () => {
    const days = entries.map(({ provider, model, effective }) => `${provider}/${model} ${effective}`);
    expect(days.filter((day, index) => days.indexOf(day) !== index)).toEqual([]);
  });

  test('has days that are in the calendar', () => {
    for (const { effective } of entries) {
      expect(new Date(effective).toISOString().slice(0, 10)).toBe(effective);
    }
  });

  test('names providers as the configuration does', () => {
    const known = (prefix: string) => findProvider(prefix) ?? unservedWireFormat(prefix);
    expect(entries.filter(({ provider }) => known(provider) === undefined)).toEqual([]);
  });

  test('knows the providers that most people use', () => {
    const providers = new Set(entries.map(({ provider }) => provider));
    expect([...providers].sort()).toEqual([
      'anthropic',
      'cohere',
      'deepseek',
      'gemini',
      'groq',
      'mistral',
      'openai',
      'xai',
    ]);
  });

  test('prices what it prices', () => {
    for (const entry of entries.filter(({ rates }) => rates !== undefined)) {
      const sheet = overlaySheet(entry, NOW);
      expect(sheet && tariffOf(sheet)?.[0].mostOutput).toBeGreaterThan(0n);
    }
  });
});

describe('the output limit of a model', () => {
  const limit = (provider: string, model: string, stated?: number) =>
    maxOutputTokens({ provider, model, stated }, NOW);

  test('is what the overlay says, for a dated snapshot too', () => {
    expect(limit('openai', 'gpt-4o')).toBe(16_384);
    expect(limit('openai', 'gpt-4o-2024-08-06')).toBe(16_384);
    expect(limit('anthropic', 'claude-haiku-4-5-20251001')).toBe(64_000);
  });

  test('is what the operator says where he says so', () => {
    expect(limit('openai', 'gpt-4o', 100)).toBe(100);
    expect(limit('openai', 'own', 200_000)).toBe(200_000);
  });

  test('is 4,096 for a model that nobody knows, and for a known name elsewhere', () => {
    expect(limit('openai', 'own')).toBe(4096);
    expect(limit('hosted_vllm', 'gpt-4o')).toBe(4096);
  });

  test('holds from its day on', () => {
    expect(maxOutputTokens({ provider: 'openai', model: 'gpt-4o' }, Date.UTC(2026, 9, 20, 23))).toBe(4096);
    expect(maxOutputTokens({ provider: 'openai', model: 'gpt-4o' }, Date.UTC(2026, 9, 21))).toBe(16_384);
  });
});
