import { accountsAndSsh } from './accounts-and-ssh.ts';
import { diskAndBoot } from './disk-and-boot.ts';
import { identity } from './identity.ts';
import { listings } from './listing.ts';
import type { LooksByRow } from './look.ts';
import { packageRows } from './packages.ts';
import { secrets } from './secrets.ts';
import { services } from './services.ts';
import { signedRows } from './signed.ts';

/** How every row of the checklist is looked at. */
export const checklist: LooksByRow = {
  ...diskAndBoot,
  ...accountsAndSsh,
  ...identity,
  ...packageRows,
  ...services,
  ...secrets,
  ...listings,
  ...signedRows,
};
