/** On refusals of somebody whom the gateway does not know. The edge logs it for fail2ban and hides it from clients. */
export const AUTH_FAILURE_HEADER = 'x-litellm-auth-failure';

/**
 * What may cost an address a ban: a key that nobody has, a wrong name or password at the admin UI. A blocked or expired
 * key, a budget, a model that the key may not use: none of these is guessing.
 */
export const authFailures = ['unknown-key', 'sign-in'] as const;

export type AuthFailure = (typeof authFailures)[number];

/** The headers that mark a refusal as guessing. */
export function markedAs(failure: AuthFailure): Readonly<Record<string, string>> {
  return { [AUTH_FAILURE_HEADER]: failure };
}
