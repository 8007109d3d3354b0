import { checkKeys, type KeyCheck } from './check-keys.ts';
import { Reader } from './findings.ts';
import { defaultUserParams } from './known-keys.ts';
import { budgetParams, checkedDuration, given, parallelCalls, usd } from './read-params.ts';
import type { UserDefaults } from './user-defaults.ts';

/** Reads what stands in the configuration about users that are made. What is said in the map of all of it goes before. */
export function readUserDefaults(litellm: Reader, check: KeyCheck): UserDefaults {
  const { findings } = check;
  const place = { path: 'litellm_settings.default_internal_user_params', findings };
  const map = litellm.map('default_internal_user_params') ?? {};
  checkKeys(map, place.path, defaultUserParams, check);
  const reader = new Reader(map, place.path, findings);
  const duration = 'internal_user_budget_duration';
  const alone = {
    max_budget: usd(litellm, 'max_internal_user_budget'),
    budget_duration: checkedDuration(litellm.text(duration), `litellm_settings.${duration}`, findings),
  };
  return {
    ...given<UserDefaults>(alone),
    ...given<UserDefaults>({
      ...budgetParams(reader, place),
      // Nobody becomes an admin by default.
      user_role: reader.choice('user_role', ['internal_user', 'internal_user_viewer']),
      max_parallel_requests: parallelCalls(reader, place),
      models: reader.texts('models'),
    }),
  };
}
