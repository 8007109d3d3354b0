import { existsSync, readFileSync } from 'node:fs';
import { GoogleAuth } from 'google-auth-library';
import { NO_CREDENTIALS } from './dialect.ts';

/** An answer of one of Google's APIs. */
export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly data: T;
}

/** A request to one of Google's JSON APIs. */
export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A Blob as it is, anything else as JSON. */
  readonly body?: object;
  /** Statuses besides 2xx that are an answer. */
  readonly accept?: readonly number[];
}

/** Sends a request with the account's token. */
export type Send = <T>(request: Request) => Promise<Answer<T>>;

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/** Where the account of the environment gets its token: every address in its file, or Google's. */
export function tokenAddresses({ GOOGLE_APPLICATION_CREDENTIALS: file }: NodeJS.ProcessEnv): string[] {
  const text = file && existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text.match(/(?<=")https?:[^"]+/g) ?? ['https://oauth2.googleapis.com/token'];
}

/** Google's own search for credentials: the environment, a file of gcloud's, the machine's service account. */
export function authorised(): Send {
  const auth = new GoogleAuth({ scopes: SCOPE });
  return async <T>({ method, url, headers = {}, body, accept = [] }: Request) => {
    const client = await auth.getClient().catch((cause: unknown) => {
      throw Object.assign(new Error((cause as Error).message, { cause }), { code: NO_CREDENTIALS });
    });
    return client.request<T>({
      method,
      url,
      headers: { ...headers },
      ...(body === undefined ? {} : { data: body }),
      responseType: 'json',
      // Patience is ours: it tells a person, and tests bring its clock.
      retry: false,
      validateStatus: (status) => (status >= 200 && status < 300) || accept.includes(status),
    });
  };
}
