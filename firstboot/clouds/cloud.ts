import type { Firmware } from './firmware.ts';
import type { MetadataClient } from './metadata-client.ts';
import type { Endpoint } from './metadata-http.ts';

/** The clouds that we know; where an image is made for one, its target has the same name. */
export type CloudName = 'azure' | 'aws' | 'gcp' | 'digitalocean' | 'hetzner' | 'oracle' | 'openstack';

/** What a cloud tells about this machine; what it does not tell is left out. */
export interface CloudFacts {
  readonly instanceId: string;
  readonly region?: string | undefined;
  /** Names under which the cloud knows the machine, whether or not DNS does. */
  readonly hostNames: readonly string[];
  readonly publicIpv4?: string | undefined;
  readonly publicIpv6?: string | undefined;
  /** Only where it cannot be told from the machine's interfaces. */
  readonly privateIpv4?: string | undefined;
}

/** Everything that differs between clouds. */
export interface Cloud {
  readonly name: CloudName;
  readonly title: string;
  /** Where a person looks up the address that the cloud did not tell. */
  readonly lookUp: string;
  /** Where its metadata service answers, the usual place first. */
  readonly endpoints: readonly Endpoint[];
  /** Whether the firmware's tables are this cloud's: asked without the network. */
  shows(firmware: Firmware): boolean;
  /** The instance's name, where the firmware has it. */
  instanceId?(firmware: Firmware): string | undefined;
  /** Throws MetadataError when the service does not answer, or as another one. */
  ask(client: MetadataClient): Promise<CloudFacts>;
}
