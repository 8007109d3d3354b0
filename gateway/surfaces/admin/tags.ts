import type { PoolClient } from 'pg';
import type { JsonObject } from '../../http/body.ts';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { isRowName, owners } from '../../identity/owners.ts';
import { subjects } from '../../identity/subjects.ts';
import type { Connection } from '../../store/connection.ts';
import { followBudgets } from '../../store/follow-budgets.ts';
import { removeOwnerBudgets, setOwnerSpent } from '../../store/owner-budgets.ts';
import {
  deleteTag,
  insertTag,
  lockTag,
  readTags,
  type TagColumns,
  type TagRow,
  updateTag,
} from '../../store/tags.ts';
import { budgetRules, change, changedBy, type ManagementDeps } from './change.ts';
import { tagAt } from './changes.ts';
import { badRequest, notFound } from './faults.ts';
import { budgetColumns, requireOneBudget, settleBudget, withBudgets } from './linked-budget.ts';
import { management } from './management.ts';
import { readNewTag, readTagDelete, readTagNames, readTagUpdate, type TagRequest } from './tag-requests.ts';
import { refuseFields, refuseModelLimits } from './unenforced.ts';
import { unenforcedTagFields } from './unenforced-owners.ts';

type TagRoutes = Pick<Handlers, 'newTag' | 'updateTag' | 'tagInfo' | 'listTags' | 'deleteTag'>;

const noTag = (param: string, name: string) => notFound(param, `There is no tag '${name}'`);

/** Tags as the API answers them, with what their budgets say beside. */
async function answers(db: Connection, tags: readonly TagRow[]) {
  return (await withBudgets(db, tags)).map(({ tag_name: name, litellm_budget_table: budget, ...row }) => ({
    name,
    ...row,
    max_budget: budget?.max_budget ?? null,
    soft_budget: budget?.soft_budget ?? null,
    budget_duration: budget?.budget_duration ?? null,
    budget_reset_at: budget?.budget_reset_at ?? null,
    model_max_budget: budget?.model_max_budget ?? null,
    tpm_limit: budget?.tpm_limit ?? null,
    rpm_limit: budget?.rpm_limit ?? null,
    max_parallel_requests: budget?.max_parallel_requests ?? null,
    litellm_budget_table: budget,
  }));
}

/** Writes columns of a tag that is there, and makes its budget what they say; the row as it is then. */
async function write(
  deps: ManagementDeps,
  db: PoolClient,
  name: string,
  columns: TagColumns,
): Promise<TagRow> {
  await updateTag(db, name, columns);
  const [owner, rules] = [owners.tag(name), budgetRules(deps)];
  if (columns.spend !== undefined) await setOwnerSpent(db, owner, { usd: columns.spend, now: rules.now });
  if (columns.budget_id) await followBudgets(db, [owner], rules);
  const [row] = await readTags(db, [name]);
  return row as TagRow;
}

/** Throws for what would not be enforced, and for a budget that is named and described at once. */
function requireEnforced(wanted: TagRequest & JsonObject): void {
  refuseFields(wanted, unenforcedTagFields, 'tag');
  refuseModelLimits(wanted.model_max_budget, 'tag');
  requireOneBudget(wanted);
}

async function create(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const wanted = readNewTag(request.body);
  requireEnforced(wanted);
  const { name, description = null } = wanted;
  if (!isRowName(name)) throw badRequest('name', 'A tag’s name must be plain text');
  const by = changedBy(request, who);
  const row = await change(deps, by, async (db, changed) => {
    const columns = budgetColumns(wanted, deps);
    const settled = { named: wanted.budget_id, linked: undefined, columns, by: by.userId };
    const budget_id = await settleBudget(deps, db, changed, settled);
    if (!(await insertTag(db, name, by.userId))) throw badRequest('name', `Tag '${name}' exists already`);
    const made = await write(deps, db, name, { description, budget_id });
    changed.add(subjects.tag(name)).created(tagAt(name), made);
    return made;
  });
  const [tag] = await answers(deps.db, [row]);
  return { message: `Tag ${name} created successfully`, tag };
}

async function update(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const wanted = readTagUpdate(request.body);
  requireEnforced(wanted);
  const { name, description, spend } = wanted;
  const by = changedBy(request, who);
  const row = await change(deps, by, async (db, changed) => {
    const [known] = await readTags(db, [name]);
    if (known === undefined) throw noTag('name', name);
    // A budget before whoever is linked to it: so they are locked everywhere.
    const columns = budgetColumns(wanted, deps);
    const settled = { named: wanted.budget_id, linked: known.budget_id, columns, by: by.userId };
    const budget_id = await settleBudget(deps, db, changed, settled);
    const before = await lockTag(db, name);
    if (before === undefined) throw noTag('name', name);
    const after = await write(deps, db, name, {
      ...(description !== undefined && { description }),
      ...(typeof spend === 'number' && { spend }),
      ...(budget_id !== known.budget_id && { budget_id }),
    });
    changed.add(subjects.tag(name)).updated(tagAt(name), before, after);
    return after;
  });
  const [tag] = await answers(deps.db, [row]);
  return { message: `Tag ${name} updated successfully`, tag };
}

/** `/tag/info`: those of the named tags that exist, by their names. */
async function info(db: Connection, request: GatewayRequest) {
  const { names } = readTagNames(request.body);
  const found = await answers(db, await readTags(db, names));
  if (found.length === 0) throw noTag('names', names[0] as string);
  return Object.fromEntries(found.map((tag) => [tag.name, tag]));
}

async function remove(deps: ManagementDeps, request: GatewayRequest, who: Identity) {
  const { name } = readTagDelete(request.body);
  return change(deps, changedBy(request, who), async (db, changed) => {
    const row = await lockTag(db, name);
    if (row === undefined) throw noTag('name', name);
    await deleteTag(db, name);
    await removeOwnerBudgets(db, [owners.tag(name)]);
    changed.add(subjects.tag(name)).deleted(tagAt(name), row);
    return { message: `Tag ${name} deleted successfully` };
  });
}

/** The handlers of `/tag/*`. A tag without a row is a word in reports; one with a row may have a budget and limits. */
export function tagHandlers(deps: ManagementDeps): TagRoutes {
  const errors = 'detail';
  return {
    newTag: management((request, who) => create(deps, request, who), { body: readNewTag, errors }),
    updateTag: management((request, who) => update(deps, request, who), { body: readTagUpdate, errors }),
    tagInfo: management((request) => info(deps.db, request), { body: readTagNames, errors }),
    listTags: management(async () => answers(deps.db, await readTags(deps.db, null)), { errors }),
    deleteTag: management((request, who) => remove(deps, request, who), { body: readTagDelete, errors }),
  };
}
