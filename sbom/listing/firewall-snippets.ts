import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { record } from '../../appliance/index.ts';
import { places } from '../../packer/index.ts';
import type { Marketplace } from './form.ts';

/** Each cloud's own words for the ports that buyers open, in the form that its API takes: docs/listing/network/. */
export const snippetFiles: Readonly<Record<Marketplace, string>> = {
  azure: 'azure-nsg.json',
  aws: 'aws-security-group.json',
  gcp: 'google-firewall.json',
  digitalocean: 'digitalocean-firewall.json',
};

const listOf = (items: object): object => ({ type: 'array', minItems: 1, items });
const text = { type: 'string', minLength: 1 } as const;
const portText = { type: 'string', pattern: '^\\d+$' } as const;
const everyIPv4 = { const: '0.0.0.0/0' } as const;
const everyIPv6 = { const: '::/0' } as const;
const everyone = {
  type: 'array',
  minItems: 2,
  maxItems: 2,
  uniqueItems: true,
  items: { enum: ['0.0.0.0/0', '::/0'] },
};

/** The parts of each API's request that we use, and no more: a wrong name is a fault. */
const schemas: Readonly<Record<Marketplace, object>> = {
  azure: record({
    securityRules: listOf(
      record({
        name: text,
        properties: record({
          priority: { type: 'integer', minimum: 100, maximum: 4096 },
          direction: { const: 'Inbound' },
          access: { const: 'Allow' },
          protocol: { const: 'Tcp' },
          sourceAddressPrefix: { const: 'Internet' },
          sourcePortRange: { const: '*' },
          destinationAddressPrefix: { const: '*' },
          destinationPortRange: portText,
        }),
      }),
    ),
  }),
  aws: record({
    IpPermissions: listOf(
      record({
        IpProtocol: { const: 'tcp' },
        FromPort: { type: 'integer' },
        ToPort: { type: 'integer' },
        IpRanges: listOf(record({ CidrIp: everyIPv4, Description: text })),
        Ipv6Ranges: listOf(record({ CidrIpv6: everyIPv6, Description: text })),
      }),
    ),
  }),
  gcp: record({
    name: text,
    direction: { const: 'INGRESS' },
    sourceRanges: listOf(everyIPv4),
    targetTags: listOf(text),
    allowed: listOf(record({ IPProtocol: { const: 'tcp' }, ports: listOf(portText) })),
  }),
  digitalocean: record({
    name: text,
    tags: listOf(text),
    inbound_rules: listOf(
      record({ protocol: { const: 'tcp' }, ports: portText, sources: record({ addresses: everyone }) }),
    ),
    outbound_rules: listOf(
      record(
        { protocol: { enum: ['tcp', 'udp', 'icmp'] }, destinations: record({ addresses: everyone }) },
        { ports: { const: 'all' } },
      ),
    ),
  }),
};

interface Snippet {
  readonly securityRules?: readonly { readonly properties: { readonly destinationPortRange: string } }[];
  readonly IpPermissions?: readonly { readonly FromPort: number; readonly ToPort: number }[];
  readonly allowed?: readonly { readonly ports: readonly string[] }[];
  readonly inbound_rules?: readonly { readonly ports: string }[];
}

/** The TCP ports that a snippet opens to everyone. Throws where it is not what the cloud's API takes. */
export function portsOf(marketplace: Marketplace, snippet: unknown): number[] {
  const ajv = new Ajv({ allErrors: true });
  const validate = ajv.compile<Snippet>(schemas[marketplace]);
  if (!validate(snippet))
    throw new Error(`${snippetFiles[marketplace]}: ${ajv.errorsText(validate.errors, { dataVar: 'it' })}`);
  const ranges = (snippet.IpPermissions ?? []).flatMap(({ FromPort, ToPort }) =>
    Array.from({ length: ToPort - FromPort + 1 }, (_, index) => FromPort + index),
  );
  const named = [
    ...(snippet.securityRules ?? []).map(({ properties }) => properties.destinationPortRange),
    ...(snippet.allowed ?? []).flatMap(({ ports }) => ports),
    ...(snippet.inbound_rules ?? []).map(({ ports }) => ports),
  ];
  return [...ranges, ...named.map(Number)].sort((one, other) => one - other);
}

/** The snippet of a cloud, as it is handed out. */
export function readSnippet(marketplace: Marketplace, repository: string = places.root): unknown {
  const file = join(repository, 'docs/listing/network', snippetFiles[marketplace]);
  return JSON.parse(readFileSync(file, 'utf8'));
}
