import { existsSync, readFileSync } from 'node:fs';
import type { CheckResult } from '../check-result.ts';
import { sbomFaults } from './faults.ts';

/** Where the SBOM lies on a machine. */
export function sbomPath({ vendor }: { readonly vendor: { readonly directory: string } }): string {
  return `/etc/${vendor.directory}/sbom.json`;
}

/** Lines of a detail before the rest is only counted. */
const MOST_LINES = 20;

/**
 * Whether the SBOM in a root tree is the given one (the one beside the image, where there is one) and tells the truth
 * about the tree.
 */
export async function checkSbom(
  tree: string,
  facts: { readonly vendor: { readonly directory: string } },
  beside?: string,
): Promise<CheckResult> {
  const faults = await faultsOf(tree, sbomPath(facts), beside);
  const told = faults.slice(0, MOST_LINES);
  if (faults.length > told.length) told.push(`and ${faults.length - told.length} more`);
  return {
    id: 'sbom',
    status: faults.length === 0 ? 'passed' : 'failed',
    detail: faults.length === 0 ? 'valid, and all that can run is in it' : told.join('\n'),
    at: new Date().toISOString(),
  };
}

async function faultsOf(tree: string, path: string, beside: string | undefined): Promise<string[]> {
  if (!existsSync(`${tree}${path}`)) return [`${path} is missing`];
  const text = readFileSync(`${tree}${path}`, 'utf8');
  const swapped = beside === undefined || beside === text ? [] : [`${path} is not the one beside the image`];
  return [...swapped, ...(await sbomFaults(tree, text))];
}
