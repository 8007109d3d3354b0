import { record } from '../../appliance/index.ts';
import { RULE_RESULTS } from './xccdf.ts';

const text = { type: 'string', minLength: 1 } as const;
const percent = { type: 'number', minimum: 0, maximum: 100 } as const;
const count = { type: 'integer', minimum: 0 } as const;
const time = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT' } as const;
const result = { enum: RULE_RESULTS } as const;

const list = (items: object) => ({ type: 'array', items });
const profileScore = record({
  rules: count,
  results: record(Object.fromEntries(RULE_RESULTS.map((name) => [name, count]))),
  ratio: percent,
  strictRatio: percent,
  score: percent,
});

/** JSON Schema of `cis-score.json`. */
export const scoreSchema = record({
  format: { const: 1 },
  how: text,
  profile: text,
  benchmark: record({ id: text, version: text }),
  content: list(
    record({
      name: text,
      version: text,
      sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
      pinned: { type: 'boolean' },
    }),
  ),
  scanner: text,
  startedAt: time,
  endedAt: time,
  scannedIn: { enum: ['vm', 'container', 'container-and-vm'] },
  untailored: profileScore,
  tailored: profileScore,
  tailoredOut: list(record({ rule: text, result, reason: text })),
  contentFaults: list(record({ rule: text, result, reason: text })),
  findings: list(record({ rule: text, title: text, severity: text, why: text }, { result })),
  rules: { type: 'object', additionalProperties: record({ result, origin: { enum: ['container', 'vm'] } }) },
});
