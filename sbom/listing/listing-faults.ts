import type { Facts } from '../../appliance/index.ts';
import { places } from '../../packer/index.ts';
import { portsOf, readSnippet } from './firewall-snippets.ts';
import { type Marketplace, marketplaces, readForm } from './form.ts';
import { formFaults } from './form-faults.ts';

export function isMarketplace(target: string): target is Marketplace {
  return marketplaces.some((name) => name === target);
}

/** What a marketplace would refuse in the listing, and what in it is not so: its form, its ports, its pictures. */
export function listingFaults(
  marketplace: Marketplace,
  facts: Facts,
  repository: string = places.root,
): string[] {
  const form = readForm(marketplace, facts, repository);
  const listed = form.ports.map(({ port }) => port).sort((one, other) => one - other);
  const opened = portsOf(marketplace, readSnippet(marketplace, repository));
  const ports =
    opened.join() === listed.join()
      ? []
      : [
          `the ports of docs/listing/network are ${opened.join(', ')}, those of the form ${listed.join(', ')}`,
        ];
  return [...formFaults(marketplace, form), ...ports];
}
