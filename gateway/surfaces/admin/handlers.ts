import { auditHandlers } from './audit.ts';
import { budgetSettingsHandlers } from './budget-settings.ts';
import { budgetHandlers } from './budgets.ts';
import type { ManagementDeps } from './change.ts';
import { credentialHandlers } from './credentials.ts';
import { customerHandlers } from './customers.ts';
import { invitationHandlers } from './invitations.ts';
import { keyBulkHandlers } from './key-bulk.ts';
import { keyHandlers } from './keys.ts';
import { modelHandlers } from './models.ts';
import { organizationHandlers } from './organizations.ts';
import { spendHandlers } from './spend.ts';
import { tagHandlers } from './tags.ts';
import { teamBulkHandlers } from './team-bulk.ts';
import { teamModelHandlers } from './team-models.ts';
import { teamHandlers } from './teams.ts';
import { userBulkHandlers } from './user-bulk.ts';
import { userHandlers } from './users.ts';

/** The handlers of the management API. */
export function managementHandlers(deps: ManagementDeps) {
  return {
    ...keyHandlers(deps),
    ...keyBulkHandlers(deps),
    ...teamHandlers(deps),
    ...teamBulkHandlers(deps),
    ...teamModelHandlers(deps),
    ...userHandlers(deps),
    ...userBulkHandlers(deps),
    ...invitationHandlers(deps),
    ...organizationHandlers(deps),
    ...customerHandlers(deps),
    ...tagHandlers(deps),
    ...budgetHandlers(deps),
    ...budgetSettingsHandlers(deps),
    ...auditHandlers(deps),
    ...spendHandlers(deps),
    ...modelHandlers(deps),
    ...credentialHandlers(deps),
  };
}
