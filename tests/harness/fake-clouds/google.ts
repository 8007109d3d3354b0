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
  /** What whoever has it may use the account with. */
  readonly secrets: readonly string[];
  /** Whether the token endpoint still knows the service account. */
  knowsAccount: boolean;
  /** Whether operations that begin now end with an error, and without an image. */
  failsOperations: boolean;
}

/** What an insertion has begun. */
interface FakeOperation {
  readonly name: string;
  readonly fails: boolean;
  status: 'RUNNING' | 'DONE';
}

/** Starts both; the environment names an account by workload identity federation. */
export async function startFakeGoogle(): Promise<FakeGoogle> {
  const images: FakeImage[] = [];
  /** By the id of the request; one that comes again is not carried out again, whatever became of the first. */
  const operations = new Map<string, FakeOperation>();
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
    const earlier = operations.get(requestId);
    if (earlier !== undefined) return told(earlier);
    if (images.some(({ name }) => name === image.name)) return failed(409, 'ALREADY_EXISTS', 'alreadyExists');
    const name = `operation-${operations.size + 1}`;
    const operation: FakeOperation = { name, fails: fake.failsOperations, status: 'RUNNING' };
    operations.set(requestId, operation);
    if (!operation.fails) images.push(image);
    return told(operation);
  }

  /** The first answer is that it is still running. */
  function wait(name: string): Told {
    const operation = [...operations.values()].find((one) => one.name === name);
    if (operation === undefined) return failed(404, 'NOT_FOUND', 'notFound');
    const answer = told(operation);
    operation.status = 'DONE';
    return answer;
  }

  function told({ name, status, fails }: FakeOperation): Told {
    const errors = [{ code: 'INTERNAL_ERROR', message: 'the image was not made' }];
    const error = fails && status === 'DONE' ? { error: { errors } } : {};
    return { status: 200, body: { kind: 'compute#operation', name, status, ...error } };
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
    secrets: [TOKEN, SUBJECT],
    knowsAccount: true,
    failsOperations: false,
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
