/**
 * Compute Engine's images and a token endpoint. The requests follow Google's references: "REST Resource: images" (insert, get),
 * "globalOperations.wait" of Compute Engine v1, and "Using OAuth 2.0 for Server to Server Applications" (RFC 7523).
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Asked, serve, type Told } from './server.ts';

const PROJECT = 'project-of-the-test';
const IMAGES = `/compute/v1/projects/${PROJECT}/global/images`;
const TOKEN = 'ya29.token-of-the-test';
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

/** Starts both; the environment names a service account of their own. */
export async function startFakeGoogle(): Promise<FakeGoogle> {
  const images: FakeImage[] = [];
  const requests = new Set<string>();
  const pending = new Set<string>();
  const directory = mkdtempSync(join(tmpdir(), 'fake-google-'));

  function answer(asked: Asked): Told {
    if (asked.method === 'POST' && asked.path === '/token') return tokenFor(asked);
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
    if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer')
      return { status: 400, body: { error: 'unsupported_grant_type' } };
    if (form.get('assertion')?.split('.').length !== 3 || !fake.knowsAccount)
      return { status: 400, body: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' } };
    return { status: 200, body: { access_token: TOKEN, expires_in: 3600, token_type: 'Bearer' } };
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
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const account = join(directory, 'account.json');
  const key = {
    type: 'service_account',
    project_id: PROJECT,
    private_key_id: '1',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    client_email: 'publisher@project-of-the-test.iam.gserviceaccount.com',
    client_id: '1',
    token_uri: `${server.url}/token`,
  };
  writeFileSync(account, JSON.stringify(key), { mode: 0o600 });
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
