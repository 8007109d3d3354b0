import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { mayUse } from '../../admission/model-access.ts';
import type { DeploymentConfig } from '../../config/config.ts';
import { publicName } from '../../config/model-team.ts';
import type { GatewayError } from '../../http/errors.ts';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { isOpenTo, ownFirst } from '../../routing/plan.ts';
import type { Prober, Probes } from '../openai/probes.ts';
import type { ManagementDeps } from './change.ts';
import { badRequest, notFound } from './faults.ts';
import { management } from './management.ts';
import { type HealthQuery, readConnectionTest, readHealthQuery } from './model-requests.ts';
import { merged, refuseMasks, requireServable, requireWritable } from './stored-models.ts';

export interface HealthCheckDeps extends Pick<ManagementDeps, 'db' | 'models' | 'saltKeys' | 'storedModels'> {
  readonly probes: Pick<Probes, 'probe'>;
  /** Whether answers show what entries say; else which model it is, and what is wrong with it. */
  readonly details: boolean;
}

const prober = (request: GatewayRequest, identity: Identity): Prober => ({
  route: request.routeOptions.url ?? '',
  ip: request.ip,
  identity,
  gone: () => request.socket.destroyed,
});

/** The deployments that are meant, of those that the caller may use. */
function asked({ models }: HealthCheckDeps, query: HealthQuery, identity: Identity): DeploymentConfig[] {
  const { model, model_id: id } = query;
  const { teamId } = identity;
  const usable = models.entries.filter(
    (entry) =>
      isOpenTo(entry, teamId) &&
      mayUse(identity, { names: [publicName(entry.config)], accessGroups: entry.config.accessGroups }) &&
      (id === undefined || entry.config.id === id),
  );
  if (model === undefined) return usable.map(({ config }) => config);
  const group = models.find(model, teamId)?.name ?? model;
  const called = usable.filter(({ config }) => publicName(config) === group || config.params.model === model);
  return ownFirst(called, teamId).map(({ config }) => config);
}

function endpoint({ id, params }: DeploymentConfig, error: GatewayError | null, details: boolean): object {
  const shown = details ? params : { model: params.model };
  const failure = error && {
    ...(details && { error: error.message }),
    exception_status: error.status,
  };
  return { ...shown, model_id: id, ...failure };
}

/** Tries every deployment that is meant. One that is asked for by name and does not answer makes the answer a 503, for monitors. */
async function check(deps: HealthCheckDeps, request: GatewayRequest, who: Identity, reply: FastifyReply) {
  const query = readHealthQuery(request.query);
  const configs = asked(deps, query, who);
  const named = query.model !== undefined || query.model_id !== undefined;
  if (named && configs.length === 0) {
    const param = query.model === undefined ? 'model_id' : 'model';
    throw notFound(param, `No deployment is served under '${query.model ?? query.model_id}'`);
  }
  const checked = await Promise.all(
    configs.map(async (config) => ({ config, error: await deps.probes.probe(config, prober(request, who)) })),
  );
  const [healthy, unhealthy] = [true, false].map((well) =>
    checked
      .filter(({ error }) => (error === null) === well)
      .map(({ config, error }) => endpoint(config, error, deps.details)),
  ) as [object[], object[]];
  if (named && healthy.length === 0) reply.code(503);
  return {
    healthy_endpoints: healthy,
    unhealthy_endpoints: unhealthy,
    healthy_count: healthy.length,
    unhealthy_count: unhealthy.length,
  };
}

/** Tries a model that is not served yet, by the rules of those that the API adds: it reaches no address that these do not. */
async function tryConnection(deps: HealthCheckDeps, request: GatewayRequest, who: Identity) {
  requireWritable(deps);
  const { litellm_params: params, model_info: info, mode } = readConnectionTest(request.body);
  if (mode !== undefined && mode !== null && mode !== 'chat') {
    throw badRequest('mode', `Models of the mode '${mode}' are not served; 'chat' is`);
  }
  refuseMasks(params, 'litellm_params');
  const config = await requireServable(deps, deps.db, {
    id: randomUUID(),
    modelName: String(params.model),
    params: merged({}, params),
    info: merged({}, info ?? {}),
  });
  const error = await deps.probes.probe(config, prober(request, who));
  if (error === null) return { status: 'success', result: config.params };
  return {
    status: 'error',
    result: { ...config.params, error: error.message, exception_status: error.status },
  };
}

/** The handlers that try whether providers answer. */
export function healthCheckHandlers(deps: HealthCheckDeps): Pick<Handlers, 'health' | 'testConnection'> {
  return {
    health: management((request, who, reply) => check(deps, request, who, reply)),
    testConnection: management((request, who) => tryConnection(deps, request, who), {
      body: readConnectionTest,
    }),
  };
}
