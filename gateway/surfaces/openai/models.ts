import type { FastifyReply } from 'fastify';
import { mayUse } from '../../admission/model-access.ts';
import { GatewayError } from '../../http/errors.ts';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { meantModel } from '../../identity/model-aliases.ts';
import type { ListedModel } from '../../routing/model-names.ts';
import type { Plan } from '../../routing/plan.ts';

/** LiteLLM's constants: clients compare them. */
const CREATED = 1677610602;
const OWNER = 'openai';

function modelObject(id: string) {
  return { id, object: 'model', created: CREATED, owned_by: OWNER };
}

function visible(plan: Plan, identity: Identity): readonly ListedModel[] {
  return plan
    .listed(identity.teamId)
    .filter(({ name, accessGroups }) => mayUse(identity, { names: [name], accessGroups }));
}

type Query = Readonly<Record<string, string | undefined>>;

const wants = (query: Query, name: string): boolean => query[name]?.toLowerCase() === 'true';

/** What LiteLLM can be asked beside, and is not served: the list is that of the key which asks, and says no more of a model. */
const UNSERVED = ['team_id', 'include_metadata', 'fallback_type', 'scope'];

function nameUnserved(request: GatewayRequest, reply: FastifyReply): void {
  const named = UNSERVED.filter((name) => Object.hasOwn(request.query as Query, name));
  if (named.length === 0) return;
  reply.header('x-litellm-ignored-fields', named.join(', '));
  request.log.warn({ route: request.routeOptions.url, fields: named }, 'queries of a request were ignored');
}

/** The access groups that the caller may name in place of a model's name, each once. */
function groupsFor(plan: Plan, identity: Identity): readonly string[] {
  const groups = new Set(plan.listed(identity.teamId).flatMap(({ accessGroups }) => accessGroups));
  return [...groups].filter((name) => mayUse(identity, { names: [name], accessGroups: [name] }));
}

/** Handlers of the model list, filtered to what the caller's key may use. */
export function modelHandlers(
  plan: Plan,
): Pick<Handlers, 'listModels' | 'listModelsUnversioned' | 'getModel' | 'getModelUnversioned'> {
  const list: Handlers['listModels'] = (request, reply, identity) => {
    const query = request.query as Query;
    nameUnserved(request, reply);
    const alone = wants(query, 'only_model_access_groups');
    const groups = alone || wants(query, 'include_model_access_groups') ? groupsFor(plan, identity) : [];
    const wildcards = wants(query, 'return_wildcard_routes');
    const shown = alone ? [] : visible(plan, identity).filter(({ wildcard }) => !wildcard || wildcards);
    const names = [...shown.map(({ name }) => name), ...groups];
    return { data: [...new Set(names)].map(modelObject), object: 'list' };
  };
  const get: Handlers['getModel'] = (request, _reply, identity) => {
    const id = (request.params as { '*': string })['*'];
    const meant = meantModel(id, identity.aliases);
    const found = visible(plan, identity).find(({ name, wildcard }) => name === meant && !wildcard);
    if (found === undefined) {
      throw new GatewayError('not_found', `The model \`${id}\` does not exist or is not accessible`, {
        type: 'invalid_request_error',
        param: 'model',
      });
    }
    return modelObject(id);
  };
  return { listModels: list, listModelsUnversioned: list, getModel: get, getModelUnversioned: get };
}
