import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type AuditHead, NO_ROWS } from './observe/audit-chain.ts';
import { ChainCheck, type ChainExpectation } from './observe/audit-check.ts';
import { readExport } from './observe/audit-export.ts';
import { type AuditReport, verifyAudit } from './store/audit-verify.ts';
import { openPool } from './store/pool.ts';

/** The arguments of `audit`. */
export interface AuditArguments {
  /** An export; undefined for the database. */
  readonly file: string | undefined;
  readonly json: boolean;
  readonly expected: ChainExpectation;
}

/** `123:9f86...`: a row's number and hash, as the check prints the head. */
function headOf(option: string, text: string | undefined): AuditHead | undefined {
  if (text === undefined) return undefined;
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (hash !== undefined) return { seq: Number(seq), hash };
  throw new Error(
    `--${option} wants a head as it was printed, a number, a colon and 64 hex digits, not '${text}'`,
  );
}

/** Throws an Error that says what is wrong with them. */
export function readAuditArguments(args: readonly string[]): AuditArguments {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, head: text, after: text },
    allowPositionals: true,
  });
  const [file, more] = positionals;
  if (more !== undefined) throw new Error(`'${more}' is a word too many`);
  const beginning = headOf('after', values.after);
  const kept = headOf('head', values.head);
  return {
    file,
    json: values.json,
    expected: { ...(beginning !== undefined && { beginning }), ...(kept !== undefined && { kept }) },
  };
}

/** Checks the chain of an export; where it ought to end, only a head that was kept can tell. */
export function verifyExport(text: string, expected: ChainExpectation): AuditReport {
  const { rows, unchained } = readExport(text);
  const check = new ChainCheck(expected);
  for (const row of rows) check.add(row);
  return { ...check.end(), unchained, beginning: expected.beginning ?? NO_ROWS };
}

async function verifyDatabase(url: string, expected: ChainExpectation): Promise<AuditReport> {
  const db = openPool(url, { max: 1 });
  try {
    return await verifyAudit(db, expected);
  } finally {
    await db.end();
  }
}

/** The report for a person. */
export function renderAudit({ rows, blanked, unchained, beginning, head, broken }: AuditReport): string {
  const some = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;
  return [
    `audit log: ${broken === null ? 'intact' : 'broken'}`,
    ...(broken === null ? [] : [`  row ${broken.seq}: ${broken.reason}`]),
    `  ${some(rows, 'row holds', 'rows hold')}; ${some(blanked, 'value is', 'values are')} blanked`,
    ...(unchained === 0 ? [] : [`  ${some(unchained, 'row is', 'rows are')} not chained: from LiteLLM`]),
    ...(beginning.seq === 0 ? [] : [`  begins after: ${beginning.seq}:${beginning.hash}`]),
    ...(head.seq === 0 ? [] : [`  head: ${head.seq}:${head.hash}`]),
    '',
  ].join('\n');
}

/** What `audit` prints, and whether the chain holds. `url`: the database, used only where there is no file. */
export async function auditCommand(
  { file, json, expected }: AuditArguments,
  url: string,
): Promise<{ readonly text: string; readonly intact: boolean }> {
  const report =
    file === undefined
      ? await verifyDatabase(url, expected)
      : verifyExport(await readFile(file, 'utf8'), expected);
  const intact = report.broken === null;
  const text = json
    ? `${JSON.stringify({ verdict: intact ? 'intact' : 'broken', ...report }, null, 2)}\n`
    : renderAudit(report);
  return { text, intact };
}
