import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { asOwner } from './store/as-owner.ts';
import type { Person } from './store/erased-people.ts';
import { type Erasure, erasePerson } from './store/person-erasure.ts';
import { exportPerson } from './store/person-export.ts';

/** The arguments of `personal-data`. */
export interface PersonalDataArguments {
  readonly verb: 'export' | 'delete';
  readonly person: Person;
  readonly dryRun: boolean;
  readonly json: boolean;
  /** An open file that the export goes to, by its number; undefined for standard output. */
  readonly fd: number | undefined;
}

/** Throws an Error that says what is wrong with them. */
export function readPersonalDataArguments(args: readonly string[]): PersonalDataArguments {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { user: text, customer: text, 'dry-run': flag, json: flag, fd: text },
    allowPositionals: true,
  });
  const [verb, more] = positionals;
  if ((verb !== 'export' && verb !== 'delete') || more !== undefined) {
    throw new Error("say 'export' or 'delete', and whose with --user or --customer");
  }
  const { user, customer, fd } = values;
  const id = user ?? customer;
  if (!id || (user !== undefined && customer !== undefined)) {
    throw new Error('name one person, by --user ID or ADDRESS, or by --customer ID');
  }
  if (fd !== undefined && !/^\d{1,3}$/.test(fd)) throw new Error(`--fd wants a number, not '${fd}'`);
  return {
    verb,
    person: { kind: user === undefined ? 'customer' : 'user', id },
    dryRun: values['dry-run'],
    json: values.json,
    fd: fd === undefined ? undefined : Number(fd),
  };
}

/** The report for a person. */
export function renderErasure({ kind, id, pseudonym, found }: Erasure): string {
  const { accounts, keys, deletedKeys, spendRows, dailyRows, auditRows } = found;
  return [
    pseudonym === null
      ? `${kind} '${id}' would be deleted:`
      : `${kind} '${id}' is deleted, and is now ${pseudonym}:`,
    `  account: ${accounts === 0 ? 'none' : 'one'}; keys: ${keys}; keys deleted before: ${deletedKeys}`,
    `  spend rows: ${spendRows}; daily rows: ${dailyRows}; rows of the audit log: ${auditRows}`,
    '',
  ].join('\n');
}

async function writeAll(pieces: AsyncIterable<string>, out: Writable): Promise<void> {
  for await (const piece of pieces) if (!out.write(piece)) await once(out, 'drain');
}

async function writeExport(url: string, { person, fd }: PersonalDataArguments): Promise<void> {
  const out = fd === undefined ? process.stdout : createWriteStream('', { fd });
  await asOwner(url, (db) => writeAll(exportPerson(db, person, new Date()), out));
  if (fd === undefined) return;
  out.end();
  await once(out, 'finish');
}

/** Exports or erases a person as the schema's owner; what is to be printed. */
export async function personalDataCommand(url: string, asked: PersonalDataArguments): Promise<string> {
  if (asked.verb === 'export') {
    await writeExport(url, asked);
    return '';
  }
  const erasure = await asOwner(url, (db) => erasePerson(db, asked.person, asked.dryRun));
  return asked.json ? `${JSON.stringify(erasure, null, 2)}\n` : renderErasure(erasure);
}
