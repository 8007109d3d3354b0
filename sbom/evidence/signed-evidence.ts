import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { record } from '../../appliance/index.ts';
import { type ImageIdentity, isSignedBy } from '../../operator/index.ts';
import type { CheckResult } from '../check-result.ts';

/** A file that lies beside the image, by its path from there. */
export interface EvidenceFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * What lies signed beside an image: the image itself, everything that speaks for it, and what its checks came to. An image
 * that a cloud keeps is no file; the signed list inside it, which is among the files, stands for it.
 */
export interface SignedEvidence extends ImageIdentity {
  readonly format: 1;
  readonly createdAt: string;
  /** True when the key is nobody's, or the image must not be published; the reasons are below. */
  readonly rehearsal: boolean;
  readonly rehearsalReasons: readonly string[];
  readonly image?: EvidenceFile;
  readonly files: readonly EvidenceFile[];
  readonly checks: readonly CheckResult[];
}

/** Names of what is signed, of its signature and of the key, in the directory of the image. */
export const evidenceNames = {
  directory: 'evidence',
  signed: 'evidence.json',
  signature: 'evidence.json.sig',
  publicKey: 'publisher.pem',
} as const;

const text = { type: 'string', minLength: 1 } as const;
const file = record({
  path: { type: 'string', pattern: '^(?!/)(?!.*\\.\\.)[^\\\\]+$' },
  bytes: { type: 'integer', minimum: 0 },
  sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
});

const schema = record(
  {
    format: { const: 1 },
    ...{ name: text, version: text, base: text, target: text, commit: text, createdAt: text },
    rehearsal: { type: 'boolean' },
    rehearsalReasons: { type: 'array', items: text },
    files: { type: 'array', minItems: 1, items: file },
    checks: {
      type: 'array',
      items: record({
        id: text,
        status: { enum: ['passed', 'failed', 'not-run'] },
        detail: { type: 'string' },
        at: text,
      }),
    },
  },
  { image: file },
);

const ajv = new Ajv();
const isEvidence = ajv.compile<SignedEvidence>(schema);

/**
 * Reads what was signed beside an image. Throws when there is nothing, or when its signature is not this key's: what
 * nobody vouches for is no evidence.
 */
export function readSignedEvidence(directory: string, publicKey: string): SignedEvidence {
  const content = readFileSync(join(directory, evidenceNames.signed));
  const signature = readFileSync(join(directory, evidenceNames.signature), 'utf8');
  if (!isSignedBy(publicKey, content, signature))
    throw new Error(`${evidenceNames.signed} is not what this key has signed`);
  const value: unknown = JSON.parse(content.toString('utf8'));
  if (isEvidence(value)) return value;
  throw new Error(`${evidenceNames.signed} is not of this format: ${ajv.errorsText(isEvidence.errors)}`);
}
