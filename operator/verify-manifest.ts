import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { type ProductFacts, record } from '../appliance/index.ts';
import { isSignedBy } from './verify-signature.ts';

/** A file or link of the image as it was shipped. */
export interface ShippedFile {
  readonly path: string;
  readonly kind: 'file' | 'link';
  /** Of the content; of the target's text for a link. */
  readonly sha256: string;
  /** Octal, such as `0644`. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** The package that it belongs to, as dpkg calls it; without one it is ours, or something made it in the build. */
  readonly package?: string;
}

export interface ShippedPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
}

/** Which image something speaks of. */
export interface ImageIdentity {
  readonly name: string;
  readonly version: string;
  readonly base: string;
  readonly target: string;
  readonly commit: string;
}

/** What lies signed inside an image: everything that was shipped in it. */
export interface ImageManifest extends ImageIdentity {
  readonly format: 1;
  /** True when it is signed with a key that is nobody's. */
  readonly rehearsal: boolean;
  /** Paths of SBOM and reports; they are among the files too. */
  readonly documents: readonly string[];
  /** What the operator may change; one that ends in `/` is a directory. */
  readonly editable: readonly string[];
  /** Directories in which nothing may be that is not listed. */
  readonly closed: readonly string[];
  readonly packages: readonly ShippedPackage[];
  readonly files: readonly ShippedFile[];
}

/** Where the manifest, its signature and the key to check it with lie in an image. */
export function manifestPaths({ vendor }: Pick<ProductFacts, 'vendor'>) {
  const directory = `/etc/${vendor.directory}`;
  return {
    directory,
    manifest: `${directory}/manifest.json`,
    signature: `${directory}/manifest.json.sig`,
    publicKey: `${directory}/publisher.pem`,
  } as const;
}

const text = { type: 'string', minLength: 1 } as const;
const texts = { type: 'array', items: text } as const;
const sha256 = { type: 'string', pattern: '^[0-9a-f]{64}$' } as const;

const schema = record({
  format: { const: 1 },
  name: text,
  version: text,
  base: text,
  target: text,
  commit: text,
  rehearsal: { type: 'boolean' },
  documents: texts,
  editable: texts,
  closed: texts,
  packages: {
    type: 'array',
    minItems: 1,
    items: record({ name: text, version: text, architecture: text }),
  },
  files: {
    type: 'array',
    minItems: 1,
    items: record(
      {
        path: { type: 'string', pattern: '^/' },
        kind: { enum: ['file', 'link'] },
        sha256,
        mode: { type: 'string', pattern: '^[0-7]{4}$' },
        uid: { type: 'integer', minimum: 0 },
        gid: { type: 'integer', minimum: 0 },
      },
      { package: text },
    ),
  },
});

/** Parses the text of a manifest. Throws when it is not one, naming what is wrong. */
export function parseImageManifest(json: string): ImageManifest {
  const value: unknown = JSON.parse(json);
  const ajv = new Ajv();
  const validate = ajv.compile<ImageManifest>(schema);
  if (validate(value)) return value;
  throw new Error(`the manifest is not one of this format: ${ajv.errorsText(validate.errors)}`);
}

/** A manifest that its signature vouches for, and the key that made the signature. */
export interface SignedManifest {
  readonly manifest: ImageManifest;
  readonly publicKey: string;
}

/**
 * Reads the manifest of the system whose root is at `root`. Throws when it is missing or its signature is not that of
 * `publicKey`, or of the key that lies beside it when none is given: an unsigned list says nothing.
 */
export function readSignedManifest(
  root: string,
  facts: Pick<ProductFacts, 'vendor'>,
  publicKey?: string,
): SignedManifest {
  const paths = manifestPaths(facts);
  const content = readFileSync(join(root, paths.manifest));
  const signature = readFileSync(join(root, paths.signature), 'utf8');
  const key = publicKey ?? readFileSync(join(root, paths.publicKey), 'utf8');
  if (!isSignedBy(key, content, signature))
    throw new Error(`${paths.manifest} is not what this key has signed`);
  return { manifest: parseImageManifest(content.toString('utf8')), publicKey: key };
}
