import { PICO_PER_USD } from '../../accounting/money.ts';
import type { Rates } from '../../accounting/rates.ts';
import { mayUse } from '../../admission/model-access.ts';
import { publicName } from '../../config/model-team.ts';
import type { Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import type { PlannedEntry } from '../../routing/model-names.ts';
import type { StoredModel } from '../../routing/models.ts';
import { isOpenTo, ownFirst } from '../../routing/plan.ts';
import type { ManagementDeps } from './change.ts';
import { badRequest } from './faults.ts';
import { management } from './management.ts';
import { type PageQuery, readGroupQuery, readInfoQuery, readPageQuery } from './model-requests.ts';

type Members = Readonly<Record<string, unknown>>;

/** A deployment as the API shows it, without its secrets. */
interface ModelInfo {
  readonly model_name: string;
  readonly litellm_params: Members;
  readonly model_info: Members & { readonly id: string };
}

/** USD per token; null of a model that nobody prices. */
function priceMembers(rates: Rates | null): Members {
  const usd = (parts: bigint) => Number(parts) / Number(rates?.perPico) / Number(PICO_PER_USD);
  return {
    input_cost_per_token: rates && usd(rates.input),
    output_cost_per_token: rates && usd(rates.output),
    cache_read_input_token_cost: rates && usd(rates.cacheRead),
    cache_creation_input_token_cost: rates && usd(rates.cacheWrite),
  };
}

function ratesAt({ deployment }: PlannedEntry, now: number): Rates | null {
  return deployment.price?.(now)[0].rates ?? null;
}

/** What the caller calls a model: to whom it does not belong, one of a team goes by the name of its row. */
function nameFor(entry: PlannedEntry, { teamId }: Identity): string {
  return isOpenTo(entry, teamId) ? publicName(entry.config) : entry.config.modelName;
}

function served(entry: PlannedEntry, { models, clock }: ManagementDeps, who: Identity): ModelInfo {
  const { config, deployment } = entry;
  return {
    model_name: nameFor(entry, who),
    litellm_params: config.params,
    model_info: {
      mode: 'chat',
      key: config.baseModel ?? deployment.upstreamModel,
      litellm_provider: config.provider,
      max_tokens: deployment.maxOutputTokens,
      max_output_tokens: deployment.maxOutputTokens,
      ...config.info,
      ...priceMembers(ratesAt(entry, clock())),
      id: config.id,
      db_model: !models.fileIds.has(config.id),
    },
  };
}

/** A model of the database that is not served, and why. */
function unserved({ id, modelName, deployment, blocked, faults, info }: StoredModel): ModelInfo {
  const reasons = faults.map(({ path, message }) => `${path}: ${message}`);
  return {
    model_name: modelName,
    litellm_params: deployment?.params ?? {},
    model_info: { ...info, id, db_model: true, blocked, ...(reasons.length > 0 && { faults: reasons }) },
  };
}

const overseers: readonly string[] = ['proxy_admin', 'proxy_admin_viewer'];
const seesAll = ({ role }: Identity): boolean => overseers.includes(role);

function visibleEntries({ models }: ManagementDeps, identity: Identity): readonly PlannedEntry[] {
  if (seesAll(identity)) return models.entries;
  return models.entries.filter(
    (entry) =>
      isOpenTo(entry, identity.teamId) &&
      mayUse(identity, { names: [nameFor(entry, identity)], accessGroups: entry.config.accessGroups }),
  );
}

/** The deployments that the caller may use; an admin sees also those that nobody can. */
function visible(deps: ManagementDeps, identity: Identity): readonly ModelInfo[] {
  const shown = visibleEntries(deps, identity).map((entry) => served(entry, deps, identity));
  if (!seesAll(identity)) return shown;
  const others = deps.models.stored.filter(({ blocked, deployment }) => blocked || deployment === null);
  return [...shown, ...others.map(unserved)];
}

async function list(deps: ManagementDeps, query: unknown, identity: Identity) {
  const { litellm_model_id: id } = readInfoQuery(query);
  const data = visible(deps, identity);
  if (id === undefined) return { data };
  const [found] = data.filter(({ model_info }) => model_info.id === id);
  if (found === undefined)
    throw badRequest('litellm_model_id', `Model id = ${id} not found on litellm proxy`);
  return { data: [found] };
}

function matches(
  { model_name, model_info }: ModelInfo,
  { model, modelId, teamId, search }: PageQuery,
): boolean {
  return (
    (model === undefined || model_name === model) &&
    (modelId === undefined || model_info.id === modelId) &&
    (teamId === undefined || model_info.team_id === teamId) &&
    (search === undefined || model_name.toLowerCase().includes(search.toLowerCase()))
  );
}

async function page(deps: ManagementDeps, rawQuery: unknown, identity: Identity) {
  const query = readPageQuery(rawQuery);
  const { page, size, sortBy, sortOrder } = query;
  const found = visible(deps, identity).filter((model) => matches(model, query));
  const direction = sortOrder === 'asc' ? 1 : -1;
  const sorted =
    sortBy === undefined
      ? found
      : found.toSorted((one, other) => direction * one.model_name.localeCompare(other.model_name));
  return {
    data: sorted.slice((page - 1) * size, page * size),
    total_count: found.length,
    current_page: page,
    total_pages: Math.ceil(found.length / size),
    size,
  };
}

/** What a group can do is what its entries say of it in `model_info`. */
const abilities = [
  'supports_parallel_function_calling',
  'supports_vision',
  'supports_web_search',
  'supports_url_context',
  'supports_reasoning',
  'supports_function_calling',
];

const numbersOf = (infos: readonly Members[], key: string): number[] =>
  infos.map((info) => info[key]).filter((value) => typeof value === 'number');

const most = (numbers: readonly number[]): number | null =>
  numbers.length === 0 ? null : Math.max(...numbers);
const sum = (numbers: readonly number[]): number | null =>
  numbers.length === 0 ? null : numbers.reduce((one, other) => one + other);

function groupInfo(name: string, members: readonly ModelInfo[]) {
  const infos = members.map(({ model_info }) => model_info);
  const params = members.map(({ litellm_params }) => litellm_params);
  return {
    model_group: name,
    providers: [...new Set(infos.map(({ litellm_provider }) => litellm_provider))],
    max_input_tokens: most(numbersOf(infos, 'max_input_tokens')),
    max_output_tokens: most(numbersOf(infos, 'max_output_tokens')),
    input_cost_per_token: most(numbersOf(infos, 'input_cost_per_token')),
    output_cost_per_token: most(numbersOf(infos, 'output_cost_per_token')),
    input_cost_per_pixel: null,
    mode: infos.map(({ mode }) => mode).find((mode) => typeof mode === 'string') ?? 'chat',
    tpm: sum(numbersOf(params, 'tpm')),
    rpm: sum(numbersOf(params, 'rpm')),
    ...Object.fromEntries(abilities.map((key) => [key, infos.some((info) => info[key] === true)])),
    supported_openai_params: null,
    configurable_clientside_auth_params: null,
  };
}

async function groups(deps: ManagementDeps, rawQuery: unknown, identity: Identity) {
  const { model_group: asked } = readGroupQuery(rawQuery);
  const named = Map.groupBy(visibleEntries(deps, identity), (entry) => nameFor(entry, identity));
  const data = [...named]
    .filter(([name]) => asked === undefined || name === asked)
    .map(([name, entries]) => {
      const members = ownFirst(entries, identity.teamId);
      return groupInfo(
        name,
        members.map((entry) => served(entry, deps, identity)),
      );
    });
  return { data };
}

/** The handlers that tell what models are; nobody is shown a secret. */
export function modelInfoHandlers(deps: ManagementDeps) {
  const info = management((request, who) => list(deps, request.query, who));
  return {
    modelInfo: info,
    modelInfoVersioned: info,
    modelInfoPaged: management((request, who) => page(deps, request.query, who)),
    modelGroupInfo: management((request, who) => groups(deps, request.query, who)),
  } satisfies Partial<Handlers>;
}
