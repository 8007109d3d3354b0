import type { KeyRules } from '../../config/key-rules.ts';
import { displayName, generateVirtualKey, hashOf } from '../../identity/virtual-key.ts';
import { badRequest } from './faults.ts';

/** What can travel in a header, so that the key can be used. */
const USABLE_KEY = /^sk-[\x21-\x7e]+$/;

/** The key that a caller chose in `field`, or a new one. */
export function chosenKey(key: string | null | undefined, field: string): string {
  if (key === undefined || key === null || key === '') return generateVirtualKey();
  if (!USABLE_KEY.test(key)) {
    throw badRequest(field, `'${field}' must start with 'sk-' and hold only printable ASCII without spaces`);
  }
  return key;
}

/** The hash of a key that a caller names by itself or by its hash. */
export function namedKey(name: string, param: string): string {
  const hash = hashOf(name);
  if (hash === undefined) {
    throw badRequest(param, `'${param}' must be a key that starts with 'sk-', or its 64-digit hash`);
  }
  return hash;
}

/** What people know a key by; null where the operator wants no part of keys kept. */
export function shownName(key: string, { showsEnds }: Pick<KeyRules, 'showsEnds'>): string | null {
  return showsEnds ? displayName(key) : null;
}
