import { GatewayError } from '../../http/errors.ts';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { subjects } from '../../identity/subjects.ts';
import { type BudgetRow, readBudgets } from '../../store/budgets-table.ts';
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
import { change, changedBy, type ManagementDeps } from './change.ts';
import { type Changes, customerAt } from './changes.ts';
import { LONGEST_ID } from './key-requests.ts';
import { management } from './management.ts';
import { refuseFields } from './unenforced.ts';
import { unenforcedCustomerFields } from './unenforced-owners.ts';
import { bodyReader, queryReader } from './validation.ts';

const id = { type: 'string', minLength: 1, maxLength: LONGEST_ID } as const;

interface CustomerRequest {
  readonly user_id: string;
  readonly alias?: string | null;
  readonly blocked?: boolean | null;
  readonly spend?: number | null;
}

const readCustomer = bodyReader<CustomerRequest>(
  {
    type: 'object',
    required: ['user_id'],
    properties: {
      user_id: id,
      alias: { type: ['string', 'null'] },
      blocked: { type: ['boolean', 'null'] },
      spend: { type: ['number', 'null'], minimum: 0 },
    },
  },
  { refused: unenforcedCustomerFields },
);

const readCustomers = bodyReader<{ readonly user_ids: readonly string[] }>({
  type: 'object',
  required: ['user_ids'],
  properties: { user_ids: { type: 'array', items: id, minItems: 1 } },
});

const readInfoQuery = queryReader<{ readonly end_user_id: string }>({
  type: 'object',
  required: ['end_user_id'],
  properties: { end_user_id: id },
});

function missing(param: string, userId: string): GatewayError {
  return new GatewayError('not_found', `There is no customer '${userId}'`, { type: 'not_found', param });
}

/** The fields that ask for something: null, 0 and false are left out, as LiteLLM does in updates. */
function columnsOf({ alias, blocked, spend }: CustomerRequest): EndUserColumns {
  return { ...(alias && { alias }), ...(blocked && { blocked }), ...(spend && { spend }) };
}

/** Customers with the budgets that they are linked to. */
async function withBudgets(db: Connection, customers: readonly EndUserRow[]) {
  const ids = customers.flatMap(({ budget_id }) => budget_id ?? []);
  const budgets = new Map<string, BudgetRow>();
  for (const budget of ids.length === 0 ? [] : await readBudgets(db, ids))
    budgets.set(budget.budget_id, budget);
  return customers.map((customer) => ({
    ...customer,
    litellm_budget_table: (customer.budget_id && budgets.get(customer.budget_id)) || null,
  }));
}

async function create(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const wanted = readCustomer(request.body);
  refuseFields(wanted, unenforcedCustomerFields, 'customer');
  const row = await change(deps, changedBy(request, who), async (db, changed) => {
    if (!(await insertEndUser(db, wanted.user_id))) {
      throw new GatewayError('bad_request', `Customer '${wanted.user_id}' exists already`, {
        type: 'bad_request',
        param: 'user_id',
      });
    }
    changed.add(subjects.endUser(wanted.user_id));
    const made = (await updateEndUser(db, wanted.user_id, columnsOf(wanted))) as EndUserRow;
    changed.created(customerAt(wanted.user_id), made);
    return made;
  });
  return { ...row, litellm_budget_table: null };
}

async function info(db: Connection, rawQuery: unknown) {
  const { end_user_id: userId } = readInfoQuery(rawQuery);
  const [customer] = await withBudgets(db, await readEndUsers(db, [userId]));
  if (customer === undefined) throw missing('end_user_id', userId);
  return Object.fromEntries(Object.entries(customer).filter(([, value]) => value !== null));
}

async function update(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const wanted = readCustomer(request.body);
  refuseFields(wanted, unenforcedCustomerFields, 'customer');
  const row = await change(deps, changedBy(request, who), async (db, changed) => {
    const [before] = await lockEndUsers(db, [wanted.user_id]);
    if (before === undefined) throw missing('user_id', wanted.user_id);
    const after = (await updateEndUser(db, wanted.user_id, columnsOf(wanted))) as EndUserRow;
    changed.add(subjects.endUser(wanted.user_id)).updated(customerAt(wanted.user_id), before, after);
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
    return deleteEndUsers(db, userIds);
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
