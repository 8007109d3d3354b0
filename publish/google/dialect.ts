import type { Dialect } from '../trouble.ts';

interface GoogleError {
  readonly status?: number;
  readonly response?: {
    readonly status?: number;
    readonly headers?: Headers;
    /** Of the APIs an object, of the token endpoint a word. */
    readonly data?: { readonly error?: string | ApiError };
  };
}

interface ApiError {
  readonly status?: string;
  readonly errors?: readonly { readonly reason?: string }[];
}

/** The code of what is thrown where there is nothing to sign in with. */
export const NO_CREDENTIALS = 'no-credentials';

export const googleDialect: Dialect = {
  cloud: 'Google Cloud',
  read: (error) => {
    const { status, response } = error as GoogleError;
    const found = response?.data?.error;
    const codes =
      typeof found === 'object' ? [found.status, ...(found.errors ?? []).map((one) => one.reason)] : [found];
    return {
      status: response?.status ?? status,
      retryAfter: response?.headers?.get('retry-after') ?? undefined,
      codes: codes.filter((code) => code !== undefined),
    };
  },
  credentials: new Set([NO_CREDENTIALS, 'invalid_grant', 'invalid_client', 'UNAUTHENTICATED', 'authError']),
  busy: new Set(['rateLimitExceeded', 'userRateLimitExceeded', 'RESOURCE_EXHAUSTED', 'backendError']),
  signIn:
    "sign in with 'gcloud auth application-default login', or name a service account's file in GOOGLE_APPLICATION_CREDENTIALS",
  rights: "the roles 'Storage Object User' on the bucket and 'Compute Storage Admin' in the project",
};
