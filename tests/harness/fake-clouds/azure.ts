/**
 * Azure Resource Manager, as far as a compute gallery goes, and the identity endpoint of App Service. The requests follow Azure's REST
 * reference: "Gallery Images - Create Or Update", "Gallery Image Versions - Create Or Update" and their Get, and "How to use
 * managed identities for App Service", section REST endpoint.
 */
import { type Asked, type FakeServer, serve, type Told } from './server.ts';

const SUBSCRIPTION = '00000000-0000-4000-8000-000000000001';
const GALLERY = `/subscriptions/${SUBSCRIPTION}/resourceGroups/publishing/providers/Microsoft.Compute/galleries/gallery`;
const IMAGE = new RegExp(`^${GALLERY}/images/([A-Za-z0-9._-]+)$`);
const VERSION = new RegExp(`^${GALLERY}/images/([A-Za-z0-9._-]+)/versions/(\\d+\\.\\d+\\.\\d+)$`);
const TENANT = '00000000-0000-4000-8000-000000000002';

interface Resource {
  readonly location: string;
  readonly tags?: Record<string, string>;
  readonly properties: Record<string, unknown>;
}

/** What a test sets up and looks at. */
export interface FakeAzure extends AsyncDisposable {
  readonly management: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly images: ReadonlyMap<string, Resource>;
  /** By `image/version`. */
  readonly versions: ReadonlyMap<string, Resource>;
  /** All that were given out. */
  readonly tokens: readonly string[];
  /** Forgets the image definitions, which only a first run makes. */
  forgetDefinitions(): void;
  /** Seconds that tokens are good for from now on; negative ones have expired when they are given. */
  tokenSeconds: number;
}

/** Starts both, with tokens that Azurite takes too. */
export async function startFakeAzure(identity: { cert: string; key: string }): Promise<FakeAzure> {
  const images = new Map<string, Resource>();
  const versions = new Map<string, Resource>();
  /** A version that is asked for the first time is still being copied. */
  const copying = new Set<string>();
  const header = 'identity-header-of-the-test';
  const givenOut: string[] = [];

  const tokens: FakeServer = await serve(({ method, path, query, headers }) => {
    if (method !== 'GET' || path !== '/msi/token' || query.get('api-version') !== '2019-08-01')
      return { status: 404 };
    if (headers['x-identity-header'] !== header) return { status: 401 };
    const resource = query.get('resource') ?? '';
    const expires = Math.floor(Date.now() / 1000) + fake.tokenSeconds;
    const access_token = token(resource, expires);
    givenOut.push(access_token);
    return {
      status: 200,
      body: {
        access_token,
        // Good for a minute, whatever the token says: the library then keeps none, and sends one that has expired.
        expires_on: String(Math.floor(Date.now() / 1000) + 60),
        resource,
        token_type: 'Bearer',
      },
    };
  });

  function answer(asked: Asked): Told {
    const refused = refusal(asked);
    if (refused !== undefined) return refused;
    const version = VERSION.exec(asked.path);
    if (version !== null) return ofVersion(asked, version[1] as string, version[2] as string);
    const image = IMAGE.exec(asked.path);
    if (image !== null) return ofImage(asked, image[1] as string);
    return failed(404, 'ResourceNotFound', `no route ${asked.path}`);
  }

  function ofImage({ method, body, path }: Asked, name: string): Told {
    if (method === 'PUT') {
      const { location, properties } = body as Resource;
      const { osType, osState, hyperVGeneration, identifier } = properties;
      const { publisher, offer, sku } = (identifier ?? {}) as Record<string, string>;
      const isWhole =
        location === 'westeurope' &&
        osType === 'Linux' &&
        osState === 'Generalized' &&
        publisher &&
        offer &&
        sku;
      if (!isWhole || !['V1', 'V2'].includes(hyperVGeneration as string))
        return failed(400, 'InvalidParameter', 'the definition lacks something');
      images.set(name, { location, properties: { ...properties, provisioningState: 'Succeeded' } });
      return { status: 201, body: { id: path, name, ...images.get(name) } };
    }
    const found = images.get(name);
    return found === undefined
      ? failed(404, 'ResourceNotFound', name)
      : { status: 200, body: { id: path, name, ...found } };
  }

  function ofVersion({ method, body, path }: Asked, image: string, version: string): Told {
    const key = `${image}/${version}`;
    if (method === 'PUT') {
      if (!images.has(image)) return failed(404, 'ParentResourceNotFound', image);
      const resource = body as Resource;
      const source = (
        resource.properties.storageProfile as { osDiskImage?: { source?: Record<string, string> } }
      )?.osDiskImage?.source;
      if (source?.uri?.endsWith('.vhd') !== true || source.storageAccountId === undefined)
        return failed(400, 'InvalidParameter', 'the source is no VHD of a storage account');
      versions.set(key, resource);
      copying.add(key);
      return { status: 201, body: { id: path, name: version, ...withState(resource, 'Creating') } };
    }
    const found = versions.get(key);
    if (found === undefined) return failed(404, 'ResourceNotFound', key);
    const state = copying.delete(key) ? 'Creating' : 'Succeeded';
    return { status: 200, body: { id: path, name: version, ...withState(found, state) } };
  }

  const management = await serve(answer, identity);
  const fake: FakeAzure = {
    management: management.url,
    images,
    versions,
    tokens: givenOut,
    forgetDefinitions: () => images.clear(),
    tokenSeconds: 3600,
    environment: {
      AZURE_SUBSCRIPTION_ID: SUBSCRIPTION,
      AZURE_RESOURCE_GROUP: 'publishing',
      AZURE_GALLERY: 'gallery',
      AZURE_LOCATION: 'westeurope',
      IDENTITY_ENDPOINT: `${tokens.url}/msi/token`,
      IDENTITY_HEADER: header,
    },
    [Symbol.asyncDispose]: async () => {
      await management[Symbol.asyncDispose]();
      await tokens[Symbol.asyncDispose]();
    },
  };
  return fake;
}

function withState({ location, tags, properties }: Resource, provisioningState: string): Resource {
  return {
    location,
    ...(tags === undefined ? {} : { tags }),
    properties: { ...properties, provisioningState },
  };
}

function refusal({ query, headers, method, body }: Asked): Told | undefined {
  const claims = claimsOf(headers.authorization);
  if (claims === undefined) return failed(401, 'AuthenticationFailed', 'no bearer token');
  if (claims.aud !== 'https://management.azure.com')
    return failed(401, 'InvalidAuthenticationTokenAudience', String(claims.aud));
  if (claims.exp < Date.now() / 1000)
    return failed(401, 'ExpiredAuthenticationToken', 'the token has expired');
  if (!/^20\d\d-\d\d-\d\d$/.test(query.get('api-version') ?? ''))
    return failed(400, 'MissingApiVersionParameter', 'api-version');
  if (!['GET', 'PUT'].includes(method)) return failed(405, 'MethodNotAllowed', method);
  if (method === 'PUT' && (body as Resource).location === undefined)
    return failed(400, 'LocationRequired', 'location');
  return undefined;
}

const failed = (status: number, code: string, message: string): Told => ({
  status,
  body: { error: { code, message } },
});

function claimsOf(authorization: string | undefined): { aud: unknown; exp: number } | undefined {
  const payload = /^Bearer [^.]+\.([^.]+)\./.exec(authorization ?? '')?.[1];
  return payload === undefined ? undefined : JSON.parse(Buffer.from(payload, 'base64url').toString());
}

/** A token in the form of Entra's; nobody here checks its signature. */
function token(resource: string, expires: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    aud: resource.replace(/\/$/, ''),
    iss: `https://sts.windows.net/${TENANT}/`,
    ...{ iat: expires - 7200, nbf: expires - 7200, exp: expires, tid: TENANT, oid: TENANT, ver: '1.0' },
  };
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.${part({ signature: 'none' })}`;
}
