import { auditHandlers } from './audit.ts';
import { budgetHandlers } from './budgets.ts';
import type { ManagementDeps } from './change.ts';
import { customerHandlers } from './customers.ts';
import { keyHandlers } from './keys.ts';
import { organizationHandlers } from './organizations.ts';
import { spendHandlers } from './spend.ts';
import { tagHandlers } from './tags.ts';
import { teamHandlers } from './teams.ts';
import { userHandlers } from './users.ts';

/** The handlers of the management API. */
export function managementHandlers(deps: ManagementDeps) {
  return {
    ...keyHandlers(deps),
    ...teamHandlers(deps),
    ...userHandlers(deps),
    ...organizationHandlers(deps),
    ...customerHandlers(deps),
    ...tagHandlers(deps),
    ...budgetHandlers(deps),
    ...auditHandlers(deps),
    ...spendHandlers(deps),
  };
}
