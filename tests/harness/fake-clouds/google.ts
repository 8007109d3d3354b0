/**
 * Compute Engine's images and the token exchange of workload identity federation. The requests follow Google's references: "REST
 * Resource: images" (insert, get) and "globalOperations.wait" of Compute Engine v1, and "Method: token" of the Security Token
 * Service (RFC 8693).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Asked, serve, type Told } from './server.ts';

const PROJECT = 'project-of-the-test';
const IMAGES = `/compute/v1/projects/${PROJECT}/global/images`;
const TOKEN = 'ya29.token-of-the-test';
const SUBJECT = 'subject-token-of-the-test';
const AUDIENCE =
  '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/build';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export interface FakeImage {
  readonly name: string;
  readonly description?: string;
  readonly rawDisk: { readonly source: string; readonly containerType: string };
  readonly guestOsFeatures: readonly { readonly type: string }[];
}

/** What a test sets up and looks at. */
export interface FakeGoogle extends AsyncDisposable {
  readonly compute: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly images: readonly FakeImage[];
  /** Whether the token endpoint still knows the service account. */
  knowsAccount: boolean;
}

/** Starts both; the environment names an account by workload identity federation. */
export async function startFakeGoogle(): Promise<FakeGoogle> {
  const images: FakeImage[] = [];
  const requests = new Set<string>();
  const pending = new Set<string>();
  const directory = mkdtempSync(join(tmpdir(), 'fake-google-'));

  function answer(asked: Asked): Told {
    if (asked.method === 'POST' && asked.path === '/v1/token') return tokenFor(asked);
    if (asked.headers.authorization !== `Bearer ${TOKEN}`) return failed(401, 'UNAUTHENTICATED', 'authError');
    if (asked.method === 'POST' && asked.path === IMAGES) return insert(asked);
    const operation = /\/global\/operations\/(operation-\d+)\/wait$/.exec(asked.path)?.[1];
    if (asked.method === 'POST' && operation !== undefined) return wait(operation);
    if (asked.method === 'GET' && asked.path.startsWith(`${IMAGES}/`))
      return get(asked.path.slice(IMAGES.length + 1));
    return failed(404, 'NOT_FOUND', 'notFound');
  }

  function tokenFor({ body }: Asked): Told {
    const form = body as URLSearchParams;
    if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:token-exchange')
      return { status: 400, body: { error: 'unsupported_grant_type' } };
    if (form.get('audience') !== AUDIENCE || form.get('subject_token') !== SUBJECT || !fake.knowsAccount)
      return { status: 400, body: { error: 'invalid_grant', error_description: 'The token is not known.' } };
    const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token';
    return {
      status: 200,
      body: { access_token: TOKEN, expires_in: 3600, token_type: 'Bearer', issued_token_type },
    };
  }

  function insert({ body, query }: Asked): Told {
    const image = body as FakeImage;
    const requestId = query.get('requestId') ?? '';
    if (!UUID.test(requestId)) return failed(400, 'INVALID_ARGUMENT', 'invalidParameter');
    if (!/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(image.name))
      return failed(400, 'INVALID_ARGUMENT', 'invalid');
    if (!/^https:\/\/storage\.googleapis\.com\/[^/]+\/.+\.tar\.gz$/.test(image.rawDisk?.source))
      return failed(400, 'INVALID_ARGUMENT', 'invalid');
    if (requests.has(requestId)) return { status: 200, body: { name: 'operation-1', status: 'RUNNING' } };
    if (images.some(({ name }) => name === image.name)) return failed(409, 'ALREADY_EXISTS', 'alreadyExists');
    requests.add(requestId);
    images.push(image);
    pending.add(image.name);
    return { status: 200, body: { kind: 'compute#operation', name: 'operation-1', status: 'RUNNING' } };
  }

  function wait(name: string): Told {
    const status = pending.size > 0 ? 'RUNNING' : 'DONE';
    pending.clear();
    return { status: 200, body: { kind: 'compute#operation', name, status } };
  }

  function get(name: string): Told {
    const image = images.find((one) => one.name === name);
    if (image === undefined) return failed(404, 'NOT_FOUND', 'notFound');
    const selfLink = `https://compute.googleapis.com${IMAGES}/${name}`;
    return { status: 200, body: { kind: 'compute#image', ...image, selfLink, status: 'READY' } };
  }

  const server = await serve(answer);
  const account = join(directory, 'account.json');
  const subject = join(directory, 'subject-token');
  const federation = {
    type: 'external_account',
    audience: AUDIENCE,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${server.url}/v1/token`,
    credential_source: { file: subject },
  };
  writeFileSync(subject, SUBJECT, { mode: 0o600 });
  writeFileSync(account, JSON.stringify(federation), { mode: 0o600 });
  const fake: FakeGoogle = {
    compute: server.url,
    images,
    knowsAccount: true,
    environment: {
      GOOGLE_CLOUD_PROJECT: PROJECT,
      GOOGLE_COMPUTE_ENDPOINT: server.url,
      GOOGLE_APPLICATION_CREDENTIALS: account,
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return fake;
}

const failed = (code: number, status: string, reason: string): Told => ({
  status: code,
  body: { error: { code, status, message: reason, errors: [{ reason, message: reason, domain: 'global' }] } },
});
