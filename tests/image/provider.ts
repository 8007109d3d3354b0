import { randomBytes } from 'node:crypto';
import type { Authority } from '../harness/authority.ts';
import { type FakeProvider, startFakeProvider } from '../harness/fake-provider.ts';
import { addresses, type Network } from '../harness/network.ts';
import { facts } from './appliance.ts';

/** The name under which the shipped configuration calls the provider. */
export const PROVIDER_NAME = 'api.openai.com';

export interface ProviderOptions {
  readonly network: Network;
  /** Vouches for its name. */
  readonly authority: Authority;
  /** An address of the network; the provider's own when absent. */
  readonly address?: string;
  /** The key that it takes; one of its own when absent. */
  readonly apiKey?: string;
}

/** Starts a provider to which machines in the network can speak as to the real one. */
export async function startProvider({
  network,
  authority,
  address = addresses.provider.ipv4,
  apiKey = `sk-${randomBytes(20).toString('hex')}`,
}: ProviderOptions): Promise<FakeProvider> {
  const handle = await network.listen(address, facts.ports.https);
  return startFakeProvider({ apiKey, handle, tls: await authority.issue(PROVIDER_NAME) });
}
