/**
 * PostgreSQL's binary COPY format. Bytes are put together as texts of one character per byte: a row is then a sum of
 * its fields, of any length, at the same cost as writing each of them into a buffer.
 */
export type Bytes = string;

const bytes = String.fromCharCode;

const int32 = (value: number): Bytes =>
  bytes(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);

const field = (content: Bytes): Bytes => int32(content.length) + content;

const NULL = int32(-1);
const NUL = bytes(0);
const TO_ENCODE = /[^ -~]/;

/** PostgreSQL's texts cannot hold NUL or half a surrogate pair; a provider's error text or a caller's `user` may. */
export const storable = (text: string): string => text.replaceAll(NUL, '\ufffd').toWellFormed();

const utf8 = (text: string): Bytes =>
  TO_ENCODE.test(text) ? Buffer.from(storable(text)).toString('latin1') : text;

export const textField = (text: string | null): Bytes => (text === null ? NULL : field(utf8(text)));

/** NUL and half a surrogate pair, as JSON.stringify writes them. */
const UNSTORABLE_JSON = /\\u(?:0000|d[89a-f])/;

function storableValue(_member: string, value: unknown): unknown {
  if (typeof value === 'string') return storable(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [storable(name), inner]));
}

/** Only the rare text that holds what cannot be stored is looked through, which is several times slower. */
function storableJson(json: string): string {
  return UNSTORABLE_JSON.test(json) ? JSON.stringify(JSON.parse(json), storableValue) : json;
}

const JSONB_VERSION = bytes(1);

export const jsonbField = (json: string): Bytes => field(JSONB_VERSION + utf8(storableJson(json)));

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Throws RangeError for what is no UUID in lower-case hex digits. */
export function uuidField(uuid: string): Bytes {
  if (!UUID.test(uuid)) throw new RangeError(`'${uuid}' is no UUID`);
  return field(Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('latin1'));
}

/** Throws RangeError for what an integer column cannot hold: it would be stored as another number. */
export function integerField(value: number): Bytes {
  if ((value | 0) !== value) throw new RangeError(`${value} is no integer of 32 bits`);
  return field(int32(value));
}

const double = new DataView(new ArrayBuffer(8));

/** Throws RangeError for NaN and infinities, which would spoil every sum. */
export function doubleField(value: number): Bytes {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is no finite number`);
  double.setFloat64(0, value);
  return field(int32(double.getInt32(0)) + int32(double.getInt32(4)));
}

/** PostgreSQL counts microseconds from here. */
const EPOCH_MS = Date.UTC(2000, 0, 1);
const TWO_TO_THE_32 = 2 ** 32;

/** A `timestamp` that holds UTC, from epoch milliseconds. */
export function timestampField(timeMs: number): Bytes {
  const micros = Math.round((timeMs - EPOCH_MS) * 1000);
  const high = Math.floor(micros / TWO_TO_THE_32);
  return field(int32(high) + int32(micros - high * TWO_TO_THE_32));
}

/** What a row begins with. */
export const rowStart = (fields: number): Bytes => bytes(fields >> 8, fields & 0xff);

const NO_FLAGS_AND_NO_EXTENSION = int32(0) + int32(0);
const HEADER = `PGCOPY\n\xff\r\n${NUL}${NO_FLAGS_AND_NO_EXTENSION}`;
const TRAILER = '\xff\xff';

const COPY_DATA = 'd';
const COPY_DONE = 'c';

/** As much as fits a processor's cache, here and at the server. */
const MESSAGE_BYTES = 32 * 1024;

function message(type: string, content: Bytes): Buffer {
  return Buffer.from(type + int32(content.length + 4) + content, 'latin1');
}

/** The protocol's messages that carry one row for each of these, the last of which says that there are no more. */
export function copyMessages<T>(items: readonly T[], row: (item: T) => Bytes): readonly Buffer[] {
  const messages: Buffer[] = [];
  let content = HEADER;
  for (const item of items) {
    content += row(item);
    if (content.length < MESSAGE_BYTES) continue;
    messages.push(message(COPY_DATA, content));
    content = '';
  }
  messages.push(message(COPY_DATA, content + TRAILER), message(COPY_DONE, ''));
  return messages;
}
