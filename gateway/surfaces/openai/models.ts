import { mayUse } from '../../admission/model-access.ts';
import { GatewayError } from '../../http/errors.ts';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { meantModel } from '../../identity/model-aliases.ts';
import type { ListedModel, Plan } from '../../routing/plan.ts';

/** LiteLLM's constants: clients compare them. */
const CREATED = 1677610602;
const OWNER = 'openai';

function modelObject(id: string) {
  return { id, object: 'model', created: CREATED, owned_by: OWNER };
}

function visible(plan: Plan, identity: Identity): readonly ListedModel[] {
  return plan.listed.filter(({ name, accessGroups }) => mayUse(identity, { names: [name], accessGroups }));
}

function wantsWildcards(request: GatewayRequest): boolean {
  return (request.query as { return_wildcard_routes?: string }).return_wildcard_routes === 'true';
}

/** Handlers of the model list, filtered to what the caller's key may use. */
export function modelHandlers(
  plan: Plan,
): Pick<Handlers, 'listModels' | 'listModelsUnversioned' | 'getModel' | 'getModelUnversioned'> {
  const list: Handlers['listModels'] = (request, _reply, identity) => {
    const shown = visible(plan, identity).filter(({ wildcard }) => !wildcard || wantsWildcards(request));
    return { data: shown.map(({ name }) => modelObject(name)), object: 'list' };
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
