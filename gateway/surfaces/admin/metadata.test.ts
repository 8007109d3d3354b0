import { expect, test } from 'vitest';
import { folded, modelLimits } from './folded-fields.ts';
import { changedMember, foldedMetadata, replacedMetadata } from './metadata.ts';

const now = { a: 1, model_rpm_limit: { gpt: 3 } };

test('a member beside the metadata wins over the same inside', () => {
  expect(foldedMetadata(now, { model_rpm_limit: { gpt: 9 } }, folded)).toEqual({
    a: 1,
    model_rpm_limit: { gpt: 9 },
  });
});

test('null takes a member away, and what is not sent changes nothing', () => {
  expect(foldedMetadata(now, { model_rpm_limit: null }, folded)).toEqual({ a: 1 });
  expect(foldedMetadata(now, {}, folded)).toBe(now);
});

test('of members that somebody cannot have none is folded', () => {
  const wanted = { tags: ['red'], model_tpm_limit: { gpt: 7 } };
  expect(foldedMetadata(now, wanted, modelLimits)).toEqual({
    ...now,
    model_tpm_limit: { gpt: 7 },
  });
});

test('new metadata replace the old, but for what stays unless it is named', () => {
  expect(replacedMetadata(undefined, now)).toBe(now);
  expect(replacedMetadata({ b: 2 }, now)).toEqual({ b: 2 });
  expect(replacedMetadata(null, now)).toEqual({});
  expect(replacedMetadata({ b: 2 }, now, modelLimits)).toEqual({ b: 2, model_rpm_limit: { gpt: 3 } });
  expect(replacedMetadata({ model_rpm_limit: {} }, now, modelLimits)).toEqual({ model_rpm_limit: {} });
});

test.each<[string | undefined, object | undefined]>([
  [undefined, undefined],
  [undefined, { b: 2, model_rpm_limit: { gpt: 3 } }],
  ['model_rpm_limit', {}],
  ['model_rpm_limit', { model_rpm_limit: { gpt: 4 } }],
  ['model_tpm_limit', { ...now, model_tpm_limit: { gpt: 4 } }],
])('%s is what changes with %j', (name, metadata) => {
  expect(changedMember(modelLimits, metadata as Record<string, unknown> | undefined, now)).toBe(name);
});
