import { awsCodes, readAwsError } from '../aws/dialect.ts';
import type { Dialect } from '../trouble.ts';

/** What DigitalOcean's API answers with where it does not do what it was asked. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly retryAfter: string | undefined;

  constructor(status: number, code: string, message: string, retryAfter: string | undefined) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** Spaces speaks like S3, the API has words of its own. */
export const digitalOceanDialect: Dialect = {
  cloud: 'DigitalOcean',
  read: (error) => (error instanceof ApiError ? error : readAwsError(error)),
  credentials: new Set([...awsCodes.credentials, 'Unauthorized', 'unauthorized']),
  busy: new Set([...awsCodes.busy, 'too_many_requests', 'server_error']),
  signIn:
    'make a new API token and Spaces key in the control panel and set DIGITALOCEAN_ACCESS_TOKEN, SPACES_ACCESS_KEY_ID and SPACES_SECRET_ACCESS_KEY',
  rights:
    'a Spaces key with read and write on the bucket, and a token with the scopes image:create, image:read and tag:create',
};
