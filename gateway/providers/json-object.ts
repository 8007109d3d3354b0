/** The bytes are not one JSON object; `message` says what is wrong and where. */
export class JsonObjectFault extends Error {
  override readonly name = 'JsonObjectFault';
}

/** A member of the outermost object: where its name and its value stand in the bytes. */
export interface Member {
  readonly index: number;
  readonly name: string;
  /** Offset of the quote that opens the name. */
  readonly nameStart: number;
  /** Offset behind the quote that closes the name. */
  readonly nameEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** Where the members of the outermost object stand, in their order, each name at most once. */
export interface ObjectScan {
  readonly bytes: Buffer;
  readonly members: ReadonlyMap<string, Member>;
  readonly order: readonly Member[];
  /** Offset behind the opening brace. */
  readonly bodyStart: number;
  /** Offset of the closing brace. */
  readonly bodyEnd: number;
}

const MAX_MEMBERS = 1000;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const SCALAR = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

const SPACE = 1;
const PLAIN = 2;
const OPENS = 3;
const CLOSES = 4;
const STRING = 5;

/** What a byte means outside a string; 0: it cannot stand there (comments, single quotes, bare words ...). */
const kinds = new Uint8Array(256);
for (const byte of Buffer.from(' \t\r\n')) kinds[byte] = SPACE;
for (const byte of Buffer.from('0123456789+-.eEtrufalsn,:')) kinds[byte] = PLAIN;
kinds[OPEN_BRACE] = kinds[OPEN_BRACKET] = OPENS;
kinds[CLOSE_BRACE] = kinds[CLOSE_BRACKET] = CLOSES;
kinds[QUOTE] = STRING;

function unexpected(bytes: Buffer, at: number, wanted: string): JsonObjectFault {
  return new JsonObjectFault(
    at >= bytes.length ? `it ends where ${wanted} should stand` : `${wanted} should stand at byte ${at}`,
  );
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (kinds[bytes[at] ?? 0] === SPACE) at++;
  return at;
}

/** A search in native code takes as long as it takes to look at so many bytes here; names and most values are shorter. */
const SHORT_BYTES = 32;

/** Offset behind the string whose opening quote is at `start`. */
export function skipString(bytes: Buffer, start: number): number {
  const near = Math.min(bytes.length, start + SHORT_BYTES);
  for (let at = start + 1; at < near; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at++;
  }
  let quote = start;
  for (;;) {
    quote = bytes.indexOf(QUOTE, quote + 1);
    if (quote === -1) throw new JsonObjectFault(`the string that begins at byte ${start} does not end`);
    let backslashes = 0;
    while (bytes[quote - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
}

/** Offset behind the object or array that opens at `start`. */
function skipNested(bytes: Buffer, start: number): number {
  const closers: number[] = [];
  let at = start;
  for (;;) {
    const byte = bytes[at];
    if (byte === undefined) throw unexpected(bytes, at, 'a closing bracket');
    switch (kinds[byte]) {
      case STRING:
        at = skipString(bytes, at);
        continue;
      case OPENS:
        closers.push(byte === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET);
        break;
      case CLOSES:
        if (closers.pop() !== byte) throw new JsonObjectFault(`the bracket at byte ${at} closes nothing`);
        if (closers.length === 0) return at + 1;
        break;
      case undefined:
      case 0:
        throw new JsonObjectFault(`byte ${at} cannot stand in JSON outside a string`);
    }
    at++;
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function skipScalar(bytes: Buffer, start: number): number {
  let at = start;
  if (bytes[at] !== 0x30) while (isDigit(bytes[at])) at++;
  // Most are whole numbers.
  if (at > start && (bytes[at] === COMMA || kinds[bytes[at] ?? 0] !== PLAIN)) return at;
  while (kinds[bytes[at] ?? 0] === PLAIN && bytes[at] !== COMMA) at++;
  if (!SCALAR.test(bytes.toString('latin1', start, at))) throw unexpected(bytes, start, 'a value');
  return at;
}

function skipValue(bytes: Buffer, start: number): number {
  switch (kinds[bytes[start] ?? 0]) {
    case STRING:
      return skipString(bytes, start);
    case OPENS:
      return skipNested(bytes, start);
    default:
      return skipScalar(bytes, start);
  }
}

/** Names that came before, by their look: the same ones come again and again, and need not be decoded each time. */
const knownNames: string[] = new Array(256).fill('');

const placeOf = (bytes: Buffer, start: number, end: number): number =>
  ((bytes[start + 1] ?? 0) * 31 + (bytes[end - 2] ?? 0) * 7 + end - start) & 255;

/** Whether the string is the text between the quotes. */
function stands(text: string, bytes: Buffer, start: number, end: number): boolean {
  if (text.length !== end - start - 2) return false;
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) !== bytes[start + 1 + at]) return false;
  }
  return true;
}

function memberName(bytes: Buffer, start: number, end: number): string {
  const place = placeOf(bytes, start, end);
  const known = knownNames[place] as string;
  if (stands(known, bytes, start, end)) return known;
  const name = decodedName(bytes, start, end);
  // Only what is as long as its bytes is found again; what is short is worth to be kept.
  if (name.length === end - start - 2 && name.length <= SHORT_BYTES) knownNames[place] = name;
  return name;
}

function decodedName(bytes: Buffer, start: number, end: number): string {
  const raw = bytes.toString('utf8', start, end);
  if (!raw.includes('\\')) return raw.slice(1, -1);
  try {
    return JSON.parse(raw) as string;
  } catch (cause) {
    throw new JsonObjectFault(`the member name at byte ${start} has a wrong escape`, { cause });
  }
}

/**
 * Finds the members of one JSON object without parsing it: names are decoded, values are only skipped.
 * What stands nested inside a value is checked for its brackets, strings and alphabet; the rest of its grammar is the
 * receiver's business. Throws JsonObjectFault for anything else than one object, and for a name that stands twice:
 * parsers disagree on which of the two counts.
 */
export function scanObject(bytes: Buffer): ObjectScan {
  let at = skipSpace(bytes, 0);
  if (bytes[at] !== OPEN_BRACE) throw unexpected(bytes, at, 'an object');
  const bodyStart = ++at;
  const members = new Map<string, Member>();
  const order: Member[] = [];
  at = skipSpace(bytes, at);
  let more = bytes[at] !== CLOSE_BRACE;
  while (more) {
    const nameStart = skipSpace(bytes, at);
    if (bytes[nameStart] !== QUOTE) throw unexpected(bytes, nameStart, 'a member name');
    const nameEnd = skipString(bytes, nameStart);
    at = skipSpace(bytes, nameEnd);
    if (bytes[at] !== COLON) throw unexpected(bytes, at, 'a colon');
    const valueStart = skipSpace(bytes, at + 1);
    const valueEnd = skipValue(bytes, valueStart);
    const name = memberName(bytes, nameStart, nameEnd);
    if (members.has(name)) throw new JsonObjectFault(`the member '${name.slice(0, 80)}' stands twice`);
    const member = { index: order.length, name, nameStart, nameEnd, valueStart, valueEnd };
    members.set(name, member);
    if (order.push(member) > MAX_MEMBERS)
      throw new JsonObjectFault(`it has more than ${MAX_MEMBERS} members`);
    at = skipSpace(bytes, valueEnd);
    more = bytes[at] === COMMA;
    if (more) at++;
  }
  if (bytes[at] !== CLOSE_BRACE) throw unexpected(bytes, at, 'a comma or the closing brace');
  const rest = skipSpace(bytes, at + 1);
  if (rest !== bytes.length) throw new JsonObjectFault(`something follows the object at byte ${rest}`);
  return { bytes, members, order, bodyStart, bodyEnd: at };
}

/** The text of a string between two offsets where it is as its bytes are; null where it has to be parsed. */
function plainText(bytes: Buffer, { valueStart, valueEnd }: Member): string | null {
  if (bytes[valueStart] !== QUOTE || valueEnd - valueStart > 2 * SHORT_BYTES) return null;
  for (let at = valueStart + 1; at < valueEnd - 1; at++) {
    const byte = bytes[at] as number;
    if (byte < 0x20 || byte > 0x7e || byte === BACKSLASH) return null;
  }
  return bytes.toString('latin1', valueStart + 1, valueEnd - 1);
}

/** The parsed value of a member. Throws JsonObjectFault when the value's inside is not JSON. */
export function memberValue({ bytes }: ObjectScan, member: Member): unknown {
  const text = plainText(bytes, member);
  if (text !== null) return text;
  try {
    return JSON.parse(bytes.toString('utf8', member.valueStart, member.valueEnd));
  } catch (cause) {
    throw new JsonObjectFault(`the value of '${member.name}' is not JSON`, { cause });
  }
}
