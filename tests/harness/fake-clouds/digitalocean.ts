/**
 * DigitalOcean's images. The requests follow the API reference, version 2: "Create a Custom Image", "List All Images" and "Retrieve an
 * Existing Image". Like the real one it fetches the image from the address that it is given.
 */
import { sha256 } from '../../../packer/index.ts';
import { type Asked, serve, type Told } from './server.ts';

export interface FakeCustomImage {
  readonly id: number;
  readonly name: string;
  readonly tags: readonly string[];
  readonly region: string;
  /** SHA-256 of what was fetched. */
  readonly content: string;
  status: string;
}

/** What a test sets up and looks at. */
export interface FakeDigitalOcean extends AsyncDisposable {
  readonly url: string;
  readonly images: readonly FakeCustomImage[];
  /** The token that is good now. */
  token: string;
}

export const REGIONS = ['nyc3', 'fra1'];
const DISTRIBUTIONS = ['Debian', 'Ubuntu'];
const TAG = /^[A-Za-z0-9:_-]{1,255}$/;

export async function startFakeDigitalOcean(): Promise<FakeDigitalOcean> {
  const images: FakeCustomImage[] = [];

  async function answer(asked: Asked): Promise<Told> {
    if (asked.headers.authorization !== `Bearer ${fake.token}`)
      return failed(401, 'Unauthorized', 'Unable to authenticate you');
    if (asked.method === 'POST' && asked.path === '/v2/images')
      return create(asked.body as Record<string, unknown>);
    if (asked.method === 'GET' && asked.path === '/v2/images') return list(asked.query);
    const id = /^\/v2\/images\/(\d+)$/.exec(asked.path)?.[1];
    const image = images.find((one) => String(one.id) === id);
    if (asked.method !== 'GET' || image === undefined) return failed(404, 'not_found', 'no such resource');
    const told = { status: 200, body: { image: { ...image } } };
    image.status = 'available';
    return told;
  }

  function list(query: URLSearchParams): Told {
    if (query.get('private') !== 'true' || Number(query.get('per_page')) > 200)
      return failed(400, 'bad_request', 'wants private=true and at most 200 on a page');
    return { status: 200, body: { images, links: {}, meta: { total: images.length } } };
  }

  async function create(body: Record<string, unknown>): Promise<Told> {
    const { name, url, region, distribution, tags } = body;
    const isWhole =
      typeof name === 'string' &&
      REGIONS.includes(region as string) &&
      DISTRIBUTIONS.includes(distribution as string) &&
      Array.isArray(tags) &&
      tags.every((tag: string) => TAG.test(tag));
    if (!isWhole) return failed(422, 'unprocessable_entity', 'something of the body is not right');
    const fetched = await fetch(url as string);
    if (!fetched.ok) return failed(422, 'unprocessable_entity', `the address answers ${fetched.status}`);
    const image: FakeCustomImage = {
      id: 7938291 + images.length,
      name,
      tags: tags as string[],
      region: region as string,
      content: sha256(new Uint8Array(await fetched.arrayBuffer())),
      status: 'NEW',
    };
    images.push(image);
    return { status: 202, body: { image } };
  }

  const server = await serve(answer);
  const fake: FakeDigitalOcean = {
    url: server.url,
    images,
    token: 'dop_v1_token_of_the_test',
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return fake;
}

const failed = (status: number, id: string, message: string): Told => ({ status, body: { id, message } });
