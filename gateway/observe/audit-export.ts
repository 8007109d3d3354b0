import { type AuditObject, type AuditRow, type Blankable, blankable } from './audit-chain.ts';
import { csvRecords } from './csv.ts';

/** An export that cannot be read; the message says where and why. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
}

type Cells = Readonly<Record<string, unknown>>;

function jsonOf(cell: unknown): AuditObject | null {
  if (cell === null || cell === undefined || cell === '') return null;
  return (typeof cell === 'string' ? JSON.parse(cell) : cell) as AuditObject;
}

/** As PostgreSQL writes a time in UTC, with or without its T. */
function timeOf(cell: unknown): Date {
  const text = String(cell).replace(' ', 'T');
  return new Date(/(?:z|[+-]\d{2}(?::?\d{2})?)$/i.test(text) ? text : `${text}Z`);
}

const texts = (cell: unknown): Partial<Record<Blankable, string>> =>
  Object.fromEntries(
    Object.entries(jsonOf(cell) ?? {}).filter(([name]) => (blankable as readonly string[]).includes(name)),
  ) as Partial<Record<Blankable, string>>;

/** A chained row; null for one that LiteLLM has written, which has no number. */
function rowOf(cells: Cells, where: number): AuditRow | null {
  const missing = ['id', 'updated_at', 'litellm_seq', 'litellm_hash'].find((name) => !(name in cells));
  if (missing !== undefined)
    throw new ExportError(`row ${where} has no column ${missing}: export all of them`);
  const { litellm_seq: seq } = cells;
  if (seq === null || seq === '') return null;
  const text = (name: string): string => String(cells[name] ?? '');
  const updated_at = timeOf(cells.updated_at);
  if (!Number.isSafeInteger(Number(seq)) || Number.isNaN(updated_at.getTime())) {
    throw new ExportError(`row ${where} has a number or a time that is none`);
  }
  try {
    return {
      id: text('id'),
      updated_at,
      changed_by: text('changed_by'),
      changed_by_api_key: text('changed_by_api_key'),
      action: text('action'),
      table_name: text('table_name'),
      object_id: text('object_id'),
      before_value: jsonOf(cells.before_value),
      updated_values: jsonOf(cells.updated_values),
      litellm_seq: Number(seq),
      litellm_salts: texts(cells.litellm_salts),
      litellm_digests: texts(cells.litellm_digests),
      litellm_previous: text('litellm_previous'),
      litellm_hash: text('litellm_hash'),
    };
  } catch (cause) {
    throw new ExportError(`row ${where} has JSON that is none: ${(cause as Error).message}`, { cause });
  }
}

function jsonRecords(text: string): readonly Cells[] {
  const trimmed = text.trim();
  try {
    if (trimmed.startsWith('[')) return JSON.parse(trimmed) as readonly Cells[];
    return trimmed.split('\n').map((line) => JSON.parse(line) as Cells);
  } catch (cause) {
    throw new ExportError(`the file is no JSON: ${(cause as Error).message}`, { cause });
  }
}

/** The chained rows of an export in the order of their numbers, and how many rows are not chained. */
export interface AuditExport {
  readonly rows: readonly AuditRow[];
  readonly unchained: number;
}

/**
 * Reads an export of "LiteLLM_AuditLog" with all of its columns: CSV with a header, a JSON list, or one JSON object a line.
 * Throws ExportError.
 */
export function readExport(text: string): AuditExport {
  const records = /^\s*[[{]/.test(text) ? jsonRecords(text) : csvRecords(text);
  const rows = records.map((cells, index) => rowOf(cells, index + 1));
  const chained = rows.filter((row) => row !== null);
  return {
    rows: chained.sort((one, other) => one.litellm_seq - other.litellm_seq),
    unchained: rows.length - chained.length,
  };
}
