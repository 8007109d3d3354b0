/**
 * Writes a database file of bbolt, the key-value store that Trivy reads: two meta pages, an empty free list and one
 * leaf with everything in it. Buckets are stored inline, which bbolt reads at any depth.
 */
const PAGE = 4096;
const PAGE_HEADER = 16;
const ELEMENT = 16;
const META = 56;
const flag = { leaf: 0x02, meta: 0x04, freeList: 0x10 } as const;

/** What a bucket holds, by key: bytes of a value, or a bucket. */
export interface Bucket {
  readonly [key: string]: string | Bucket;
}

/** The file that holds these buckets. */
export function boltFile(buckets: Bucket): Buffer {
  const root = leaf(buckets, 3);
  const pages = Math.ceil(root.length / PAGE);
  root.writeUInt32LE(pages - 1, 12);
  const freeList = Buffer.alloc(PAGE);
  pageHeader(freeList, 2, flag.freeList, 0);
  return Buffer.concat([
    meta(0, 3 + pages),
    meta(1, 3 + pages),
    freeList,
    root,
    Buffer.alloc(pages * PAGE - root.length),
  ]);
}

function pageHeader(page: Buffer, id: number, flags: number, count: number): void {
  page.writeBigUInt64LE(BigInt(id), 0);
  page.writeUInt16LE(flags, 8);
  page.writeUInt16LE(count, 10);
}

function leaf(bucket: Bucket, id: number): Buffer {
  const entries = Object.entries(bucket)
    .map(([key, value]) => ({
      key: Buffer.from(key),
      value: stored(value),
      nested: typeof value !== 'string',
    }))
    .sort((a, b) => Buffer.compare(a.key, b.key));
  const head = Buffer.alloc(PAGE_HEADER + entries.length * ELEMENT);
  pageHeader(head, id, flag.leaf, entries.length);
  let end = head.length;
  entries.forEach(({ key, value, nested }, index) => {
    const at = PAGE_HEADER + index * ELEMENT;
    head.writeUInt32LE(nested ? 1 : 0, at);
    head.writeUInt32LE(end - at, at + 4);
    head.writeUInt32LE(key.length, at + 8);
    head.writeUInt32LE(value.length, at + 12);
    end += key.length + value.length;
  });
  return Buffer.concat([head, ...entries.flatMap(({ key, value }) => [key, value])]);
}

/** A bucket inside another one begins with its root page, 0 for inline, and its sequence. */
function stored(value: string | Bucket): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : Buffer.concat([Buffer.alloc(16), leaf(value, 0)]);
}

function meta(id: number, pages: number): Buffer {
  const page = Buffer.alloc(PAGE);
  pageHeader(page, id, flag.meta, 0);
  const body = page.subarray(PAGE_HEADER);
  body.writeUInt32LE(0xed0cdaed, 0);
  body.writeUInt32LE(2, 4);
  body.writeUInt32LE(PAGE, 8);
  body.writeBigUInt64LE(3n, 16);
  body.writeBigUInt64LE(2n, 32);
  body.writeBigUInt64LE(BigInt(pages), 40);
  body.writeBigUInt64LE(BigInt(id), 48);
  body.writeBigUInt64LE(fnv1a(body.subarray(0, META)), META);
  return page;
}

function fnv1a(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}
