import { usdFromPico } from '../../accounting/money.ts';
import type { Call } from '../../call.ts';
import type { HeaderMap, WritableHeaders } from '../../http/call-reply.ts';
import type { Identity } from '../../identity/identity.ts';
import { limitFor } from './call-size.ts';

/** The limits of the key, where it has any. */
function tellKeyLimits({ limits: { requests, tokens } }: Identity, into: WritableHeaders): void {
  if (requests !== null) into.set('x-litellm-key-rpm-limit', String(requests));
  if (tokens !== null) into.set('x-litellm-key-tpm-limit', String(tokens));
}

/** Headers of an answer that never got as far as a deployment. */
export function refusalHeaders(identity: Identity, version: string): HeaderMap {
  const headers = new Map([
    ['x-litellm-version', version],
    ['x-litellm-response-cost', '0'],
    ['x-litellm-key-spend', String(identity.spend)],
  ]);
  tellKeyLimits(identity, headers);
  return headers;
}

/** Tells that a cost of zero is an unknown one. */
function unpricedModel({ provider, upstreamModel }: Call['deployment']): string {
  return `${provider}/${upstreamModel}`;
}

/** Sets LiteLLM's headers of a call as it stands; the cost is known only for an answer that is over. */
export function tellCall(call: Call, version: string, into: WritableHeaders): void {
  const { admission, deployment, identity, ignoredFields } = call;
  const spend = usdFromPico(call.spend);
  const over = call.endedAt > 0;
  const maxTokens = limitFor(deployment, call.maxTokensSet);
  into.set('x-litellm-call-id', call.id);
  into.set('x-litellm-model-id', deployment.id);
  into.set('x-litellm-model-group', call.modelGroup);
  into.set('x-litellm-model-api-base', deployment.apiBase);
  into.set('x-litellm-version', version);
  if (over) into.set('x-litellm-response-cost', String(spend));
  into.set('x-litellm-key-spend', String(identity.spend + spend));
  tellKeyLimits(identity, into);
  admission?.tell(into);
  if (over) into.set('x-litellm-response-duration-ms', String(call.endedAt - call.startedAt));
  into.set('x-litellm-attempted-retries', String(call.retries));
  into.set('x-litellm-attempted-fallbacks', '0');
  if (deployment.price === null) into.set('x-litellm-unpriced-model', unpricedModel(deployment));
  if (maxTokens !== null) into.set('x-litellm-max-tokens-set', String(maxTokens));
  if (ignoredFields.length > 0) into.set('x-litellm-ignored-fields', ignoredFields.join(', '));
}
