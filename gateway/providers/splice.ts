import type { Member, ObjectScan } from './json-object.ts';

/** What becomes of the members of an object; everything else keeps its bytes. */
export interface Edits {
  /** Member name -> JSON text of its new value; a member that is absent is added. */
  readonly set?: ReadonlyMap<string, string>;
  /** Member name -> new name; an absent member stays absent. */
  readonly rename?: ReadonlyMap<string, string>;
  /** Members that go. */
  readonly remove?: ReadonlySet<string>;
}

interface Patch {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * A removed member takes the comma behind it along; those at the end of the object, which have none,
 * take together the comma in front of the first of them.
 */
function removals({ order, bodyStart }: ObjectScan, remove: ReadonlySet<string>): Patch[] {
  const patches: Patch[] = [];
  let kept = order.length;
  while (kept > 0 && remove.has((order[kept - 1] as Member).name)) kept--;
  for (const member of order.slice(0, kept)) {
    if (!remove.has(member.name)) continue;
    patches.push({ start: member.nameStart, end: (order[member.index + 1] as Member).nameStart, text: '' });
  }
  if (kept < order.length) {
    const start = kept === 0 ? bodyStart : (order[kept - 1] as Member).valueEnd;
    patches.push({ start, end: (order.at(-1) as Member).valueEnd, text: '' });
  }
  return patches;
}

function replacements(scan: ObjectScan, { set, rename, remove }: Edits): Patch[] {
  const patches: Patch[] = [];
  for (const [name, text] of set ?? []) {
    const member = scan.find(name);
    if (member && !remove?.has(name)) patches.push({ start: member.valueStart, end: member.valueEnd, text });
  }
  for (const [name, to] of rename ?? []) {
    const member = scan.find(name);
    if (!member || remove?.has(name)) continue;
    patches.push({ start: member.nameStart, end: member.nameEnd, text: JSON.stringify(to) });
  }
  return patches;
}

function addition(scan: ObjectScan, { set, remove }: Edits): Patch[] {
  const added = [...(set ?? [])].filter(([name]) => !scan.has(name));
  if (added.length === 0) return [];
  const text = added.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',');
  const { order, bodyEnd } = scan;
  const first = order.every(({ name }) => remove?.has(name));
  return [{ start: bodyEnd, end: bodyEnd, text: first ? text : `,${text}` }];
}

/** The object's bytes after `edits`, as pieces of the original and new text: nothing is parsed or written anew. */
export function splice(scan: ObjectScan, edits: Edits): Buffer {
  const patches = [
    ...removals(scan, edits.remove ?? new Set()),
    ...replacements(scan, edits),
    ...addition(scan, edits),
  ].sort((one, other) => one.start - other.start || one.end - other.end);
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { start, end, text } of patches) {
    if (start > at) pieces.push(scan.bytes.subarray(at, start));
    if (text !== '') pieces.push(Buffer.from(text));
    at = end;
  }
  pieces.push(scan.bytes.subarray(at));
  return Buffer.concat(pieces);
}

/** `splice` for the most frequent case: one existing member gets a new value. */
export function spliceValue({ bytes }: ObjectScan, { valueStart, valueEnd }: Member, text: string): Buffer {
  const textBytes = Buffer.byteLength(text);
  const result = Buffer.allocUnsafe(bytes.length - (valueEnd - valueStart) + textBytes);
  bytes.copy(result, 0, 0, valueStart);
  result.write(text, valueStart);
  bytes.copy(result, valueStart + textBytes, valueEnd);
  return result;
}
