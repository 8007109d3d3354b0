import { usdFromPico } from '../../accounting/money.ts';
import type { Call } from '../../call.ts';
import type { HeaderMap } from '../../http/call-reply.ts';
import type { Identity } from '../../identity/identity.ts';
import { limitFor } from './call-size.ts';

/** The limits of the key, where it has any. */
function keyLimits({ limits: { requests, tokens } }: Identity): HeaderMap {
  return {
    ...(requests !== null && { 'x-litellm-key-rpm-limit': String(requests) }),
    ...(tokens !== null && { 'x-litellm-key-tpm-limit': String(tokens) }),
  };
}

/** Headers of an answer that never got as far as a deployment. */
export function refusalHeaders(identity: Identity, version: string): HeaderMap {
  return {
    'x-litellm-version': version,
    'x-litellm-response-cost': '0',
    'x-litellm-key-spend': String(identity.spend),
    ...keyLimits(identity),
  };
}

/** Tells that a cost of zero is an unknown one. */
function unpricedModel({ provider, upstreamModel }: Call['deployment']): string {
  return `${provider}/${upstreamModel}`;
}

/** LiteLLM's headers of a call as it stands; the cost is known only for an answer that is over. */
export function callHeaders(call: Call, version: string): HeaderMap {
  const { admission, deployment, identity, ignoredFields } = call;
  const spend = usdFromPico(call.spend);
  const over = call.endedAt > 0;
  const maxTokens = limitFor(deployment, call.maxTokensSet);
  return {
    'x-litellm-call-id': call.id,
    'x-litellm-model-id': deployment.id,
    'x-litellm-model-group': call.modelGroup,
    'x-litellm-model-api-base': deployment.apiBase,
    'x-litellm-version': version,
    ...(over && { 'x-litellm-response-cost': String(spend) }),
    'x-litellm-key-spend': String(identity.spend + spend),
    ...keyLimits(identity),
    ...admission?.headers,
    ...(over && { 'x-litellm-response-duration-ms': String(call.endedAt - call.startedAt) }),
    'x-litellm-attempted-retries': String(call.retries),
    'x-litellm-attempted-fallbacks': '0',
    ...(deployment.price === null && { 'x-litellm-unpriced-model': unpricedModel(deployment) }),
    ...(maxTokens !== null && { 'x-litellm-max-tokens-set': String(maxTokens) }),
    ...(ignoredFields.length > 0 && { 'x-litellm-ignored-fields': ignoredFields.join(', ') }),
  };
}
