/** Routes that guides name and LiteLLM does not have, and what they mean. */
const misnamed: ReadonlyArray<readonly [RegExp, string]> = [
  [/^\/team\/member\/(add|update|delete)$/, '/team/member_$1'],
  [/^\/user\/[^/]+$/, '/user/info?user_id='],
];

/** The route that is meant by a path that does not exist; undefined where nothing is known. */
export function meantBy(path: string): string | undefined {
  const [pattern, route = ''] = misnamed.find(([made]) => made.test(path)) ?? [];
  return pattern && path.replace(pattern, route);
}
