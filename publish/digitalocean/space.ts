import { createHash } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type Part,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { Failure } from '../../packer/index.ts';
import type { Context } from '../cloud.ts';
import { allPieces, md5, type Piece, readPiece } from '../extents.ts';

/** At most 10,000 parts of an upload, each but the last at least 5 MiB. */
const PART_BYTES = 8 * 2 ** 20;
const AT_ONCE = 4;
const URL_SECONDS = 24 * 60 * 60;

/** Where an object lies. */
export interface SpacePlace {
  readonly Bucket: string;
  readonly Key: string;
}

interface Hashed extends Piece {
  readonly md5: Buffer;
}

/**
 * Uploads a file in parts: those that Spaces does not list yet. Size and the hash over the parts' hashes, as Spaces computed
 * them, are compared with the file's. Safe to repeat, and nothing has to be remembered here.
 */
export async function uploadToSpace(s3: S3Client, place: SpacePlace, context: Context): Promise<void> {
  const { artefact, calls, log } = context;
  const pieces = await hashedPieces(artefact.file, artefact.bytes);
  if ((await stat(s3, place, context)) !== undefined) {
    log.note(`${place.Key} is in the bucket already`);
    return verify(s3, place, pieces, context);
  }
  const UploadId = await open(s3, place, context);
  const there = await parts(s3, place, UploadId, context);
  await calls.upload({
    name: 's3 UploadPart',
    input: place,
    all: pieces,
    missing: pieces.filter((piece) => !there.some((part) => isPart(part, piece))),
    atOnce: AT_ONCE,
    make: async (piece) => {
      const input = {
        ...place,
        UploadId,
        PartNumber: piece.index + 1,
        ContentMD5: piece.md5.toString('base64'),
      };
      await s3.send(new UploadPartCommand({ ...input, Body: await readPiece(artefact.file, piece) }));
    },
  });
  const Parts = pieces.map(({ index, md5 }) => ({ PartNumber: index + 1, ETag: `"${md5.toString('hex')}"` }));
  await calls.ensure<unknown>(() => stat(s3, place, context), {
    name: 's3 CompleteMultipartUpload',
    input: { ...place, parts: Parts.length },
    make: () =>
      s3.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } })),
    dry: undefined,
  });
  await verify(s3, place, pieces, context);
}

/** An address by which DigitalOcean fetches the object, for a day. As good as a credential: never printed. */
export function fetchAddress(s3: S3Client, place: SpacePlace): Promise<string> {
  return getSignedUrl(s3, new GetObjectCommand(place), { expiresIn: URL_SECONDS });
}

async function hashedPieces(file: string, bytes: number): Promise<Hashed[]> {
  const hashed: Hashed[] = [];
  for (const piece of allPieces(bytes, PART_BYTES))
    hashed.push({ ...piece, md5: md5(await readPiece(file, piece)) });
  return hashed;
}

const isPart = ({ PartNumber, Size, ETag }: Part, { index, length, md5 }: Hashed): boolean =>
  PartNumber === index + 1 && Size === length && ETag?.replaceAll('"', '') === md5.toString('hex');

function stat(
  s3: S3Client,
  place: SpacePlace,
  { calls }: Context,
): Promise<HeadObjectCommandOutput | undefined> {
  return calls.call({
    name: 's3 HeadObject',
    input: place,
    make: async () => {
      try {
        return await s3.send(new HeadObjectCommand(place));
      } catch (error) {
        if ((error as Error).name === 'NotFound' || (error as Error).name === 'NoSuchKey') return undefined;
        throw error;
      }
    },
    dry: undefined,
  });
}

/** The upload that an earlier run has begun, else a new one. */
async function open(s3: S3Client, place: SpacePlace, { artefact, calls }: Context): Promise<string> {
  const query = { Bucket: place.Bucket, Prefix: place.Key };
  const look = () =>
    calls.call({
      name: 's3 ListMultipartUploads',
      input: query,
      make: async () => {
        const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand(query));
        return Uploads.find(({ Key }) => Key === place.Key)?.UploadId;
      },
      dry: undefined,
    });
  const input = { ...place, ContentType: 'application/gzip', Metadata: { sha256: artefact.sha256 } };
  return calls.ensure(look, {
    name: 's3 CreateMultipartUpload',
    input,
    make: async () => (await s3.send(new CreateMultipartUploadCommand(input))).UploadId ?? '',
    dry: 'upload-DRY',
  });
}

function parts(s3: S3Client, place: SpacePlace, UploadId: string, { calls }: Context): Promise<Part[]> {
  return calls.call({
    name: 's3 ListParts',
    input: { ...place, UploadId },
    make: async () => {
      const found: Part[] = [];
      let marker: string | undefined;
      do {
        const input = { ...place, UploadId, ...(marker === undefined ? {} : { PartNumberMarker: marker }) };
        const page = await s3.send(new ListPartsCommand(input));
        found.push(...(page.Parts ?? []));
        marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
      } while (marker !== undefined);
      return found;
    },
    dry: [],
  });
}

async function verify(
  s3: S3Client,
  place: SpacePlace,
  pieces: readonly Hashed[],
  context: Context,
): Promise<void> {
  const found = await stat(s3, place, context);
  if (context.calls.dry) return;
  const { artefact } = context;
  const all = createHash('md5');
  for (const { md5 } of pieces) all.update(md5);
  const wanted = `${all.digest('hex')}-${pieces.length}`;
  const tag = found?.ETag?.replaceAll('"', '');
  const faults = [
    found?.ContentLength === artefact.bytes
      ? []
      : `it has ${found?.ContentLength} bytes instead of ${artefact.bytes}`,
    tag === wanted ? [] : `its hash is ${tag} instead of ${wanted}`,
  ].flat();
  if (faults.length > 0)
    throw new Failure(
      `the object ${place.Key} is not this image: ${faults.join('; ')}`,
      'delete it in the bucket, then run the same command again',
    );
}
