import { accounts } from './accounts.ts';
import { bootRows } from './boot.ts';
import { diskRows } from './disk.ts';
import { identity } from './identity.ts';
import { listings } from './listing.ts';
import type { LooksByRow } from './look.ts';
import { packageRows } from './packages.ts';
import { secrets } from './secrets.ts';
import { services } from './services.ts';
import { signedRows } from './signed.ts';
import { ssh } from './ssh.ts';
import { updates } from './updates.ts';

/** How every row of the checklist is looked at. */
export const checklist: LooksByRow = {
  ...diskRows,
  ...bootRows,
  ...accounts,
  ...ssh,
  ...identity,
  ...packageRows,
  ...updates,
  ...services,
  ...secrets,
  ...listings,
  ...signedRows,
};
