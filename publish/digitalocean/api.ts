import { ApiError } from './dialect.ts';

/** Sends one request to DigitalOcean's API, version 2, and reads its JSON. */
export type Ask = <T>(method: 'GET' | 'POST', path: string, body?: object) => Promise<T>;

const TIMEOUT_MS = 60_000;

/** The API at this address, with this token. */
export function api(endpoint: string, token: string): Ask {
  return async <T>(method: 'GET' | 'POST', path: string, body?: object) => {
    const answer = await fetch(`${endpoint}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.ok) return (await answer.json()) as T;
    const { id = 'no_code', message = answer.statusText } = await wordsOf(answer);
    throw new ApiError(answer.status, id, message, answer.headers.get('retry-after') ?? undefined);
  };
}

/** An error's words; a proxy on the way may answer with a page instead. */
async function wordsOf(answer: Response): Promise<{ id?: string; message?: string }> {
  const text = await answer.text();
  try {
    return JSON.parse(text) as { id?: string; message?: string };
  } catch {
    return { message: text.slice(0, 200) };
  }
}
