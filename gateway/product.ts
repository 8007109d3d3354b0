import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ProductFacts, readFacts, readMachineFacts } from '../appliance/index.ts';

/** The product's facts: on a machine the file beside the bundle, in the repository appliance.yaml. */
export function productFacts(): ProductFacts {
  const baked = fileURLToPath(new URL('./appliance.json', import.meta.url));
  return existsSync(baked)
    ? readMachineFacts(baked)
    : readFacts(new URL('../appliance.yaml', import.meta.url));
}
