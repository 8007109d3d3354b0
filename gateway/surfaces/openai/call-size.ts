import { cheapInputBound } from '../../accounting/input-bound.ts';
import type { CallSize } from '../../admission/call-size.ts';
import type { Deployment } from '../../routing/deployment.ts';
import { type ChatRequest, largerLimit, messagesOf } from './chat-request.ts';

/** Members around which providers put words of their own. */
const EXTRAS = ['tools', 'functions', 'response_format'] as const;

/** A limit among the members that the operator has set; null also for what is none, which a provider will refuse. */
function defaultLimit({ defaults }: Deployment, name: string): number | null {
  const limit = Number(defaults.get(name));
  return Number.isSafeInteger(limit) && limit > 0 ? limit : null;
}

/** The operator's limit of an answer, whichever of the deployments makes it; null when one of them has none. */
function operatorsLimit(deployments: readonly Deployment[]): number | null {
  const limits = deployments.map((deployment) =>
    largerLimit(defaultLimit(deployment, 'max_completion_tokens'), defaultLimit(deployment, 'max_tokens')),
  );
  return limits.includes(null) ? null : limits.reduce(largerLimit, null);
}

/** The most tokens of the prompt: what is neither a message nor an extra counts by its bytes, whatever it is. */
function inputBound(request: ChatRequest, model: string): number {
  const { bytes, members } = request.scan;
  const sizeOf = (name: string): number => {
    const member = members.get(name);
    return member === undefined ? 0 : member.valueEnd - member.valueStart;
  };
  const extraBytes = EXTRAS.map(sizeOf).filter((size) => size > 0);
  const messages = members.get('messages');
  const sent = messages === undefined ? bytes : bytes.subarray(messages.valueStart, messages.valueEnd);
  const rest = bytes.length - sent.length - extraBytes.reduce((sum, size) => sum + size, 0);
  const parsed = (): unknown => messagesOf(request);
  return cheapInputBound({ model, messages: sent, extraBytes, parsed }) + rest;
}

/** How large a call can become; the operator's limit counts where the client names none. */
export function callSize(request: ChatRequest, deployments: readonly Deployment[]): CallSize {
  return {
    bytes: request.scan.bytes.length,
    inputTokens: (model) => inputBound(request, model),
    maxTokens: request.maxTokens ?? operatorsLimit(deployments),
    choices: request.choices,
  };
}
