import { Failure, md5OfFile } from '../../packer/index.ts';
import type { PublishedArtefact } from '../artefact.ts';
import type { Context } from '../cloud.ts';
import { allPieces, type Piece, readPiece } from '../extents.ts';
import { Memory } from '../memory.ts';
import type { Send } from './api.ts';

/** A multiple of 256 KiB, as the protocol wants; what breaks off is sent anew from the last of these on. */
const PIECE_BYTES = 8 * 2 ** 20;
const GRAIN = 256 * 1024;
const INCOMPLETE = 308;
const GONE = [404, 410];

/** An upload that was begun. Whoever has its address may write to it. */
interface Session {
  readonly address: string;
}

interface StoredObject {
  readonly size?: string;
  readonly md5Hash?: string;
  readonly metadata?: { readonly sha256?: string };
}

/** Where an object lies. */
export interface ObjectPlace {
  readonly endpoint: string;
  readonly bucket: string;
  readonly name: string;
}

/**
 * Uploads a file by Cloud Storage's resumable protocol, from where an earlier run has stopped, and compares size and MD5
 * that Google computed with the file's. Safe to repeat.
 */
export async function uploadObject(send: Send, place: ObjectPlace, context: Context): Promise<void> {
  const { artefact, calls, log } = context;
  const md5Hash = (await md5OfFile(artefact.file)).toString('base64');
  const found = await stat(send, place, context);
  if (found !== undefined) {
    log.note(`${place.name} is in the bucket already`);
    return refuseOther(found, place, artefact, md5Hash);
  }
  const memory = new Memory<Session>(context.memory);
  const { address, offset } = await open(send, place, context, memory, md5Hash);
  const pieces = allPieces(artefact.bytes, PIECE_BYTES);
  /** Whether the answer to a piece may have been lost: it is not to be sent again where it has arrived. */
  let unsure = false;
  await calls.upload({
    name: 'storage objects.insert (resumable), a piece',
    input: { object: place.name },
    all: pieces,
    missing: pieces.flatMap((piece) => restOf(piece, offset)),
    atOnce: 1,
    make: async (piece) => {
      const arrivedBytes = unsure ? await received(send, address, artefact.bytes) : undefined;
      unsure = true;
      await put(send, address, piece, artefact, arrivedBytes ?? piece.offset);
      unsure = false;
    },
  });
  const arrived = await stat(send, place, context);
  if (calls.dry) return;
  refuseOther(arrived ?? {}, place, artefact, md5Hash);
  memory.forget();
}

/** What of a piece lies at or after `offset`. */
function restOf({ index, offset, length }: Piece, from: number): Piece[] {
  const start = Math.max(offset, from);
  return start >= offset + length ? [] : [{ index, offset: start, length: offset + length - start }];
}

function stat(send: Send, place: ObjectPlace, { calls }: Context): Promise<StoredObject | undefined> {
  const { endpoint, bucket, name } = place;
  return calls.call({
    name: 'storage objects.get',
    input: { bucket, object: name },
    make: async () => {
      const url = `${endpoint}/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`;
      const { status, data } = await send<StoredObject>({ method: 'GET', url, accept: [404] });
      return status === 404 ? undefined : data;
    },
    dry: undefined,
  });
}

/** The address to send to and how much is there: those of an earlier run while Google keeps them, else new ones. */
async function open(
  send: Send,
  { endpoint, bucket, name }: ObjectPlace,
  { artefact, calls }: Context,
  memory: Memory<Session>,
  md5Hash: string,
): Promise<{ address: string; offset: number }> {
  const before = calls.dry ? undefined : memory.read();
  if (before !== undefined) {
    const offset = await calls.call({
      name: 'storage objects.insert (resumable), how far it is',
      make: () => received(send, before.address, artefact.bytes),
      dry: undefined,
    });
    if (offset !== undefined) return { address: before.address, offset };
  }
  const metadata = { sha256: artefact.sha256 };
  const address = await calls.call({
    name: 'storage objects.insert (resumable)',
    input: { bucket, object: name, bytes: artefact.bytes, md5Hash, metadata },
    make: async () => {
      const query = new URLSearchParams({ uploadType: 'resumable', name, ifGenerationMatch: '0' });
      const { headers } = await send({
        method: 'POST',
        url: `${endpoint}/upload/storage/v1/b/${bucket}/o?${query}`,
        headers: {
          'X-Upload-Content-Type': 'application/gzip',
          'X-Upload-Content-Length': String(artefact.bytes),
        },
        body: { name, contentType: 'application/gzip', md5Hash, metadata },
      });
      return headers.get('location') ?? '';
    },
    dry: '',
  });
  if (!calls.dry) memory.write({ address });
  return { address, offset: 0 };
}

/** How much of a file has arrived, in whole grains; undefined where Google has given the upload up. */
async function received(send: Send, address: string, total: number): Promise<number | undefined> {
  const { status, headers } = await send({
    method: 'PUT',
    url: address,
    headers: { 'Content-Range': `bytes */${total}` },
    accept: [INCOMPLETE, ...GONE],
  });
  if (GONE.includes(status)) return undefined;
  return status === INCOMPLETE ? Math.floor(endOf(headers) / GRAIN) * GRAIN : total;
}

const endOf = (headers: Headers): number => {
  const last = /^bytes=0-(\d+)$/.exec(headers.get('range') ?? '')?.[1];
  return last === undefined ? 0 : Number(last) + 1;
};

/** Sends what of a piece lies at or after `start`; Google may keep less of it than was sent, and says how much. */
async function put(
  send: Send,
  address: string,
  piece: Piece,
  { file, bytes }: PublishedArtefact,
  start: number,
): Promise<void> {
  const end = piece.offset + piece.length;
  for (let from = start; from < end; ) {
    const { status, headers } = await send({
      method: 'PUT',
      url: address,
      headers: { 'Content-Range': `bytes ${from}-${end - 1}/${bytes}` },
      // Of a Buffer the library would look at each byte when it makes an error.
      body: new Blob([await readPiece(file, { ...piece, offset: from, length: end - from })]),
      accept: [INCOMPLETE],
    });
    if (status !== INCOMPLETE) return;
    const kept = endOf(headers);
    if (kept <= from) throw new Failure('Google keeps nothing of what is sent', 'run the same command again');
    from = kept;
  }
}

function refuseOther(
  found: StoredObject,
  { name }: ObjectPlace,
  artefact: PublishedArtefact,
  md5: string,
): void {
  const faults = [
    found.size === String(artefact.bytes) ? [] : `it has ${found.size} bytes instead of ${artefact.bytes}`,
    found.md5Hash === md5 ? [] : `its MD5 is ${found.md5Hash} instead of ${md5}`,
  ].flat();
  if (faults.length === 0) return;
  throw new Failure(
    `the object ${name} is not this image: ${faults.join('; ')}`,
    'delete it in the bucket, then run the same command again',
  );
}
