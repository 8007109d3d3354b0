import { type Findings, isMap, type Settings } from './findings.ts';
import { inventedNames, type KeyTable, protectiveCallbacks } from './known-keys.ts';
import { nearest } from './nearest.ts';

/** Whether a setting is switched off, so that it makes no difference that nobody serves it. */
function isOff(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === '') return true;
  return (Array.isArray(value) && value.length === 0) || (isMap(value) && Object.keys(value).length === 0);
}

/** What is said of a key that is in no table: the one that was probably meant. */
export function unknownKey(key: string, table: KeyTable): string {
  const invented = inventedNames.get(key);
  if (invented !== undefined) return invented;
  const meant = nearest(key, table.keys());
  const remedy = meant === undefined ? 'remove it or correct its spelling' : `did you mean '${meant}'?`;
  return `nobody knows this setting; ${remedy}`;
}

export interface KeyCheck {
  readonly findings: Findings;
  /** Whether unknown names are only warned about. */
  readonly allowUnknown: boolean;
}

/** Names every key of a map that is unknown, or known to LiteLLM and not served here. */
export function checkKeys(map: Settings, path: string, table: KeyTable, check: KeyCheck): void {
  const { findings, allowUnknown } = check;
  for (const [key, value] of Object.entries(map)) {
    const at = path === '' ? key : `${path}.${key}`;
    const service = table.get(key);
    if (service === undefined) {
      if (allowUnknown) findings.warn(at, unknownKey(key, table));
      else findings.fault(at, `${unknownKey(key, table)} (allow_unknown_settings turns this into a warning)`);
    } else if (service === 'protective' && !isOff(value)) {
      findings.fault(at, 'is not served yet, and you would rely on it; remove it or switch it off');
    } else if (service === 'unserved' && !isOff(value)) {
      findings.warn(at, 'is not served yet and has no effect');
    }
  }
}

/** The same for maps whose other members are free: only what LiteLLM gives a meaning is looked at. */
export function checkMeaningfulKeys(map: Settings, path: string, table: KeyTable, findings: Findings): void {
  const known = Object.fromEntries(Object.entries(map).filter(([key]) => table.has(key)));
  checkKeys(known, path, table, { findings, allowUnknown: true });
}

/** Refuses callbacks that would check or limit calls: without them the operator believes in a guard that is not there. */
export function checkCallbacks(settings: Settings, findings: Findings): void {
  for (const key of ['callbacks', 'success_callback', 'failure_callback']) {
    const names = settings[key];
    if (!Array.isArray(names)) continue;
    if (names.includes('webhook')) {
      findings.warn(
        `litellm_settings.${key}`,
        "LiteLLM has no callback 'webhook': it is a value of general_settings.alerting, and the callback is generic_api",
      );
    }
    for (const name of names) {
      if (!protectiveCallbacks.has(name)) continue;
      findings.fault(
        `litellm_settings.${key}`,
        `'${name}' is not served yet, and you would rely on it; remove it`,
      );
    }
  }
}
