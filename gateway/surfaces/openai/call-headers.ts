import type { Call } from '../../call.ts';
import type { HeaderMap } from '../../http/client-reply.ts';
import type { Identity } from '../../identity/identity.ts';

/** Headers of an answer that never got as far as a deployment. */
export function refusalHeaders(identity: Identity, version: string): HeaderMap {
  return {
    'x-litellm-version': version,
    'x-litellm-response-cost': '0',
    'x-litellm-key-spend': String(identity.spend),
  };
}

/** LiteLLM's headers of a call as it stands; the cost is known only for an answer that is over. */
export function callHeaders(call: Call, version: string): HeaderMap {
  const { deployment, identity, ignoredFields, maxTokensSet } = call;
  const over = call.endedAt > 0;
  return {
    'x-litellm-call-id': call.id,
    'x-litellm-model-id': deployment.id,
    'x-litellm-model-group': call.modelGroup,
    'x-litellm-model-api-base': deployment.apiBase,
    'x-litellm-version': version,
    ...(over && { 'x-litellm-response-cost': String(call.spend) }),
    'x-litellm-key-spend': String(identity.spend + call.spend),
    ...(over && { 'x-litellm-response-duration-ms': String(call.endedAt - call.startedAt) }),
    'x-litellm-attempted-retries': String(call.retries),
    'x-litellm-attempted-fallbacks': '0',
    ...(maxTokensSet !== null && { 'x-litellm-max-tokens-set': String(maxTokensSet) }),
    ...(ignoredFields.length > 0 && { 'x-litellm-ignored-fields': ignoredFields.join(', ') }),
  };
}
