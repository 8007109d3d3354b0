import type { PoolClient } from 'pg';
import { GatewayError } from '../../http/errors.ts';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { owners } from '../../identity/owners.ts';
import { subjects } from '../../identity/subjects.ts';
import type { Connection } from '../../store/connection.ts';
import {
  deleteEndUsers,
  type EndUserColumns,
  type EndUserRow,
  insertEndUser,
  listEndUsers,
  lockEndUsers,
  readEndUsers,
  setEndUsersBlocked,
  updateEndUser,
} from '../../store/end-users.ts';
import { followBudgets } from '../../store/follow-budgets.ts';
import { removeOwnerBudgets, setOwnerSpent } from '../../store/owner-budgets.ts';
import { budgetRules, change, changedBy, type ManagementDeps } from './change.ts';
import { type Changes, customerAt } from './changes.ts';
import { type CustomerRequest, readCustomer, readCustomers, readInfoQuery } from './customer-requests.ts';
import {
  type BudgetMembers,
  budgetAmounts,
  budgetColumns,
  namedModels,
  requireOneBudget,
  settleBudget,
  withBudgets,
} from './linked-budget.ts';
import { management } from './management.ts';
import { refuseFields, refuseModelLimits } from './unenforced.ts';
import { unenforcedCustomerFields } from './unenforced-owners.ts';

function missing(param: string, userId: string): GatewayError {
  return new GatewayError('not_found', `There is no customer '${userId}'`, { type: 'not_found', param });
}

/** The fields that ask for something: null, 0 and false are left out, as LiteLLM does in updates. */
function columnsOf({ alias, blocked, spend }: CustomerRequest): EndUserColumns {
  return { ...(alias && { alias }), ...(blocked && { blocked }), ...(spend && { spend }) };
}

/** What of its budget a request changes. Of a customer that is there 0 asks for nothing, as in LiteLLM; of a new one it does. */
function budgetOf(wanted: CustomerRequest, isNew: boolean): BudgetMembers {
  const asked = budgetAmounts.filter((name) => (wanted[name] ?? '') !== '' && (isNew || wanted[name] !== 0));
  const { budget_duration } = wanted;
  return {
    ...Object.fromEntries([...asked, ...namedModels(wanted)].map((name) => [name, wanted[name]])),
    ...(budget_duration && { budget_duration }),
  };
}

interface CustomerBudget {
  readonly wanted: CustomerRequest;
  /** What the customer is linked to now; undefined of a new one. */
  readonly linked: string | null | undefined;
  readonly by: string;
}

/** What the customer is to be linked to, and what its request says of that. */
function settle(
  deps: ManagementDeps,
  db: PoolClient,
  changed: Changes,
  { wanted, linked, by }: CustomerBudget,
): Promise<string | null> {
  requireOneBudget(wanted);
  refuseModelLimits(wanted.model_max_budget, 'customer');
  const columns = budgetColumns(budgetOf(wanted, linked === undefined), deps);
  return settleBudget(deps, db, changed, { named: wanted.budget_id, linked, columns, by });
}

/** Writes columns of a customer who is there, and makes its budget what they say; the row as it is then. */
async function write(
  deps: ManagementDeps,
  db: PoolClient,
  userId: string,
  columns: EndUserColumns,
): Promise<EndUserRow> {
  await updateEndUser(db, userId, columns);
  const [owner, rules] = [owners.endUser(userId), budgetRules(deps)];
  if (columns.spend !== undefined) await setOwnerSpent(db, owner, { usd: columns.spend, now: rules.now });
  if (columns.budget_id) await followBudgets(db, [owner], rules);
  const [row] = await readEndUsers(db, [userId]);
  return row as EndUserRow;
}

async function create(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const wanted = readCustomer(request.body);
  const by = changedBy(request, who);
  refuseFields(wanted, unenforcedCustomerFields, 'customer');
  const row = await change(deps, by, async (db, changed) => {
    if (!(await insertEndUser(db, wanted.user_id))) {
      throw new GatewayError('bad_request', `Customer '${wanted.user_id}' exists already`, {
        type: 'bad_request',
        param: 'user_id',
      });
    }
    const budget_id = await settle(deps, db, changed, { wanted, linked: undefined, by: by.userId });
    const made = await write(deps, db, wanted.user_id, { ...columnsOf(wanted), budget_id });
    changed.add(subjects.endUser(wanted.user_id)).created(customerAt(wanted.user_id), made);
    return made;
  });
  const [customer] = await withBudgets(deps.db, [row]);
  return customer;
}

async function info(db: Connection, rawQuery: unknown) {
  const { end_user_id: userId } = readInfoQuery(rawQuery);
  const [customer] = await withBudgets(db, await readEndUsers(db, [userId]));
  if (customer === undefined) throw missing('end_user_id', userId);
  return Object.fromEntries(Object.entries(customer).filter(([, value]) => value !== null));
}

async function update(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const wanted = readCustomer(request.body);
  const by = changedBy(request, who);
  refuseFields(wanted, unenforcedCustomerFields, 'customer');
  const row = await change(deps, by, async (db, changed) => {
    const { user_id } = wanted;
    const [known] = await readEndUsers(db, [user_id]);
    if (known === undefined) throw missing('user_id', user_id);
    // A budget before whoever is linked to it: so they are locked everywhere.
    const settled = { wanted, linked: known.budget_id, by: by.userId };
    const budget_id = await settle(deps, db, changed, settled);
    const [before] = await lockEndUsers(db, [user_id]);
    if (before === undefined) throw missing('user_id', user_id);
    const budget = budget_id === known.budget_id ? {} : { budget_id };
    const after = await write(deps, db, user_id, { ...columnsOf(wanted), ...budget });
    changed.add(subjects.endUser(user_id)).updated(customerAt(user_id), before, after);
    return after;
  });
  const [customer] = await withBudgets(deps.db, [row]);
  return { ...customer, object_permission: null };
}

/** Deletes customers: all of those that are named, or none. */
async function remove(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const userIds = [...new Set(readCustomers(request.body).user_ids)];
  const deleted = await change(deps, changedBy(request, who), async (db, changed) => {
    const found = await lockEndUsers(db, userIds);
    const absent = userIds.find((userId) => !found.some(({ user_id }) => user_id === userId));
    if (absent !== undefined) throw missing('user_ids', absent);
    for (const row of found) changed.add(subjects.endUser(row.user_id)).deleted(customerAt(row.user_id), row);
    const gone = await deleteEndUsers(db, userIds);
    await removeOwnerBudgets(db, userIds.map(owners.endUser));
    return gone;
  });
  return {
    deleted_customers: deleted,
    message: `Successfully deleted customers with ids: ${JSON.stringify(userIds)}`,
  };
}

/** Notes what a block has made of customers; those who were not there before were made by it. */
function noteBlocked(changed: Changes, before: readonly EndUserRow[], after: readonly EndUserRow[]): void {
  const known = new Map(before.map((row) => [row.user_id, row]));
  for (const row of after) {
    const was = known.get(row.user_id);
    if (was === undefined) changed.created(customerAt(row.user_id), row);
    else changed.updated(customerAt(row.user_id), was, row, row.blocked ? 'blocked' : 'unblocked');
  }
}

async function block(deps: ManagementDeps, request: GatewayRequest, who: Identity, blocked: boolean) {
  const userIds = readCustomers(request.body).user_ids;
  const customers = await change(deps, changedBy(request, who), async (db, changed) => {
    for (const userId of userIds) changed.add(subjects.endUser(userId));
    const before = await lockEndUsers(db, userIds);
    const after = await setEndUsersBlocked(db, userIds, blocked);
    noteBlocked(changed, before, after);
    return after;
  });
  return { blocked_users: customers };
}

/** The handlers of `/customer/*`, and of `/end_user/*`, which is the same. */
export function customerHandlers(deps: ManagementDeps) {
  const body = { body: readCustomer };
  const bodies = { body: readCustomers };
  const made = management((request, who) => create(deps, request, who), body);
  const told = management((request) => info(deps.db, request.query));
  const updated = management((request, who) => update(deps, request, who), body);
  const deleted = management((request, who) => remove(deps, request, who), bodies);
  const listed = management(async () => withBudgets(deps.db, await listEndUsers(deps.db)));
  const blocked = management((request, who) => block(deps, request, who, true), bodies);
  const unblocked = management((request, who) => block(deps, request, who, false), bodies);
  return {
    newCustomer: made,
    customerInfo: told,
    updateCustomer: updated,
    deleteCustomer: deleted,
    listCustomers: listed,
    blockCustomers: blocked,
    unblockCustomers: unblocked,
    newEndUser: made,
    endUserInfo: told,
    updateEndUser: updated,
    deleteEndUser: deleted,
    listEndUsers: listed,
    blockEndUsers: blocked,
    unblockEndUsers: unblocked,
  } satisfies Partial<Handlers>;
}
