import { aws } from './aws.ts';
import { azure } from './azure.ts';
import type { Cloud, CloudName } from './cloud.ts';
import { digitalocean } from './digitalocean.ts';
import type { Firmware } from './firmware.ts';
import { gcp } from './gcp.ts';
import { hetzner } from './hetzner.ts';
import { openstack } from './openstack.ts';
import { oracle } from './oracle.ts';

/** Every cloud that a machine recognises. */
export const clouds: Readonly<Record<CloudName, Cloud>> = {
  azure,
  aws,
  gcp,
  digitalocean,
  hetzner,
  oracle,
  openstack,
};

/** The cloud that these tables are of; undefined: none that we know. */
export function cloudShownBy(firmware: Firmware): Cloud | undefined {
  return Object.values(clouds).find((cloud) => cloud.shows(firmware));
}
