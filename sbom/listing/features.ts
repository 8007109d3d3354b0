import { join } from 'node:path';
import { record } from '../../appliance/index.ts';
import { places } from '../../packer/index.ts';
import { readYaml } from './yaml-file.ts';

/** A test that proves a promise. */
export interface Proof {
  /** Where the title stands, from the root of the repository. */
  readonly file: string;
  /** The title as it stands there, with the placeholders of a test that is made from a table. */
  readonly test: string;
}

/** A bullet of the listing: what is promised, and what proves it. */
export interface Feature {
  readonly id: string;
  readonly text: string;
  readonly proofs: readonly Proof[];
}

const text = { type: 'string', minLength: 1 } as const;

const proof = record({
  file: { type: 'string', pattern: '^[a-z]+/[A-Za-z0-9/.-]+\\.ts$' },
  test: text,
});
const feature = record({
  id: { type: 'string', pattern: '^[a-z0-9-]+$' },
  text,
  proofs: { type: 'array', minItems: 1, uniqueItems: true, items: proof },
});
const schema = record({ features: { type: 'array', minItems: 1, items: feature } });

/** The bullets of the listing, in their order. Throws where one names no test, or two have one id. */
export function readFeatures(repository: string = places.root): readonly Feature[] {
  const path = join(repository, 'docs/listing/features.yaml');
  const { features } = readYaml<{ features: readonly Feature[] }>(path, schema);
  const twice = features.find(({ id }, index) => features.findIndex((other) => other.id === id) !== index);
  if (twice !== undefined) throw new Error(`${path}: '${twice.id}' is there twice`);
  return features;
}
