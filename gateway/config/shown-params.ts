import type { Settings } from './findings.ts';

/** Members of `litellm_params` and of credentials whose text is no secret; every other text is taken for one. */
const OPEN_TEXTS: ReadonlySet<string> = new Set([
  'model',
  'api_base',
  'base_url',
  'api_version',
  'custom_llm_provider',
  'region_name',
  'litellm_credential_name',
]);

/** Whether a member may be shown to whoever may use the model. */
export function isShown(name: string, value: unknown): boolean {
  if (typeof value === 'number' || typeof value === 'boolean') return true;
  return typeof value === 'string' && OPEN_TEXTS.has(name);
}

/** The members that may be shown. Lists and maps may hold secrets, as `extra_headers` does, so they are left out whole. */
export function shownParams(params: Settings): Settings {
  return Object.fromEntries(Object.entries(params).filter(([name, value]) => isShown(name, value)));
}
