import { openFile } from './bytes.ts';
import { refuseFaults } from './fault.ts';
import { gunzipped } from './gunzipped.ts';
import { type Compression, parseQcow2Header, QCOW2_HEADER, qcow2Faults } from './qcow2-header.ts';

export interface Qcow2Facts {
  readonly format: 'qcow2';
  readonly diskBytes: number;
  readonly version: number;
  readonly compression: Compression;
  /** Bytes of the qcow2 file itself, without what compresses it from outside. */
  readonly fileBytes: number;
}

/** The header of a qcow2 file. Throws Failure unless it stands alone and is compressed as asked. */
export async function readQcow2(path: string, compression: Compression): Promise<Qcow2Facts> {
  await using file = await openFile(path);
  return judge(path, await file.read(0, QCOW2_HEADER), file.bytes, compression);
}

/** The same of one inside a gzip file, which is read from its begin to its end. */
export function readGzippedQcow2(path: string): Promise<Qcow2Facts> {
  return gunzipped(path, async (content) => {
    const header = await content.take(QCOW2_HEADER);
    const fileBytes = header.length + (await content.skip(Number.POSITIVE_INFINITY));
    return judge(path, Buffer.concat([header, Buffer.alloc(QCOW2_HEADER)]), fileBytes, 'zlib');
  });
}

function judge(path: string, bytes: Buffer, fileBytes: number, compression: Compression): Qcow2Facts {
  refuseFaults(path, qcow2Faults(bytes, fileBytes, compression));
  const { diskBytes, version } = parseQcow2Header(bytes);
  return { format: 'qcow2', diskBytes: Number(diskBytes), version, compression, fileBytes };
}
