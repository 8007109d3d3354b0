import { GatewayError } from '../../http/errors.ts';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { subjects } from '../../identity/subjects.ts';
import { budgetsById } from '../../store/budgets-table.ts';
import type { Connection } from '../../store/connection.ts';
import {
  deleteEndUsers,
  type EndUserColumns,
  type EndUserRow,
  insertEndUser,
  listEndUsers,
  readEndUsers,
  setEndUsersBlocked,
  updateEndUser,
} from '../../store/end-users.ts';
import { setLinkedLimits } from '../../store/linked-budgets.ts';
import { change, changedBy, type ManagementDeps } from './change.ts';
import { LONGEST_ID } from './key-requests.ts';
import { type CallLimitFields, callLimitColumns, callLimitFields } from './limit-fields.ts';
import { management } from './management.ts';
import { refuseFields } from './unenforced.ts';
import { unenforcedCustomerFields } from './unenforced-owners.ts';
import { bodyReader, queryReader } from './validation.ts';

const id = { type: 'string', minLength: 1, maxLength: LONGEST_ID } as const;

interface CustomerRequest extends CallLimitFields {
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
      ...callLimitFields,
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
  const budgets = await budgetsById(
    db,
    customers.map(({ budget_id }) => budget_id),
  );
  return customers.map((customer) => ({
    ...customer,
    litellm_budget_table: (customer.budget_id && budgets.get(customer.budget_id)) || null,
  }));
}

/** The limits that ask for something: of a new customer 0 does, which admits nobody. */
function limitsOf(wanted: CustomerRequest, isNew: boolean): CallLimitFields {
  const asks = (limit: number | null): boolean => limit !== null && (isNew || limit > 0);
  return Object.fromEntries(Object.entries(callLimitColumns(wanted)).filter(([, limit]) => asks(limit)));
}

/** Changes a customer: limits go into the row that it is linked to, which is made on demand. */
async function store(
  db: Connection,
  changed: Set<string>,
  { wanted, limits, by }: { wanted: CustomerRequest; limits: CallLimitFields; by: string },
): Promise<EndUserRow | undefined> {
  changed.add(subjects.endUser(wanted.user_id));
  const [customer] = await readEndUsers(db, [wanted.user_id]);
  if (customer === undefined || Object.keys(limits).length === 0) {
    return updateEndUser(db, wanted.user_id, columnsOf(wanted));
  }
  const budget_id = await setLinkedLimits(db, { linked: customer.budget_id, limits, by });
  changed.add(subjects.budget(budget_id));
  return updateEndUser(db, wanted.user_id, { ...columnsOf(wanted), budget_id });
}

async function create(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const wanted = readCustomer(request.body);
  refuseFields(wanted, unenforcedCustomerFields, 'customer');
  const by = changedBy(request, who).userId;
  const row = await change(deps, async (db, changed) => {
    if (!(await insertEndUser(db, wanted.user_id))) {
      throw new GatewayError('bad_request', `Customer '${wanted.user_id}' exists already`, {
        type: 'bad_request',
        param: 'user_id',
      });
    }
    const limits = limitsOf(wanted, true);
    return (await store(db, changed, { wanted, limits, by })) as EndUserRow;
  });
  return (await withBudgets(deps.db, [row]))[0];
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
  const by = changedBy(request, who).userId;
  const row = await change(deps, (db, changed) =>
    store(db, changed, { wanted, limits: limitsOf(wanted, false), by }),
  );
  if (row === undefined) throw missing('user_id', wanted.user_id);
  const [customer] = await withBudgets(deps.db, [row]);
  return { ...customer, object_permission: null };
}

/** Deletes customers: all of those that are named, or none. */
async function remove(deps: ManagementDeps, request: GatewayRequest) {
  const userIds = [...new Set(readCustomers(request.body).user_ids)];
  const deleted = await change(deps, async (db, changed) => {
    const found = await readEndUsers(db, userIds);
    const absent = userIds.find((userId) => !found.some(({ user_id }) => user_id === userId));
    if (absent !== undefined) throw missing('user_ids', absent);
    for (const userId of userIds) changed.add(subjects.endUser(userId));
    return deleteEndUsers(db, userIds);
  });
  return {
    deleted_customers: deleted,
    message: `Successfully deleted customers with ids: ${JSON.stringify(userIds)}`,
  };
}

async function block(deps: ManagementDeps, request: GatewayRequest, blocked: boolean) {
  const userIds = readCustomers(request.body).user_ids;
  const customers = await change(deps, async (db, changed) => {
    for (const userId of userIds) changed.add(subjects.endUser(userId));
    return setEndUsersBlocked(db, userIds, blocked);
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
  const deleted = management((request) => remove(deps, request), bodies);
  const listed = management(async () => withBudgets(deps.db, await listEndUsers(deps.db)));
  const blocked = management((request) => block(deps, request, true), bodies);
  const unblocked = management((request) => block(deps, request, false), bodies);
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
