import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { parse } from 'yaml';

/** Where a check looks. */
export const PLACES = [
  'disk',
  'booted',
  'twins',
  'outside',
  'console',
  'online',
  'evidence',
  'repository',
] as const;
export type Place = (typeof PLACES)[number];

/** One requirement of the checklist; rows.yaml says what the fields mean. */
export interface Row {
  readonly id: string;
  readonly requirement: string;
  readonly level: 'B' | 'R' | 'W';
  readonly clouds: readonly string[];
  readonly targets?: readonly string[];
  readonly bases?: readonly string[];
  readonly why?: string;
  readonly mirror?: string;
  readonly where: readonly Place[];
  readonly how: string;
}

const text = { type: 'string', minLength: 1 } as const;
const names = { type: 'array', items: text, minItems: 1 } as const;

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['rows'],
  properties: {
    rows: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'requirement', 'level', 'clouds', 'where', 'how'],
        dependencies: { targets: ['why'], bases: ['why'] },
        properties: {
          id: { type: 'string', pattern: '^[A-Z]{3}-\\d{2}$' },
          requirement: text,
          level: { enum: ['B', 'R', 'W'] },
          clouds: names,
          targets: names,
          bases: names,
          why: text,
          mirror: text,
          where: { type: 'array', minItems: 1, uniqueItems: true, items: { enum: [...PLACES] } },
          how: text,
        },
      },
    },
  },
};

const ajv = new Ajv({ allErrors: true });
const isChecklist = ajv.compile<{ rows: Row[] }>(schema);

/** The checklist. Throws when it is not written as it should be. */
export function readRows(): readonly Row[] {
  const value: unknown = parse(readFileSync(new URL('rows.yaml', import.meta.url), 'utf8'));
  if (!isChecklist(value)) throw new Error(`rows.yaml: ${ajv.errorsText(isChecklist.errors)}`);
  return value.rows;
}

/** Why a row is not asked of an image; undefined when it is. */
export function exemptionOf(
  row: Row,
  image: { readonly target: string; readonly base: string; readonly mirrored: boolean },
): string | undefined {
  if (row.targets?.includes(image.target) === false) return `target ${image.target}: ${row.why}`;
  if (row.bases?.includes(image.base) === false) return `base ${image.base}: ${row.why}`;
  return image.mirrored && row.mirror !== undefined ? `a rehearsal image: ${row.mirror}` : undefined;
}
