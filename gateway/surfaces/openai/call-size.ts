import { cheapInputBound } from '../../accounting/input-bound.ts';
import type { CallSize } from '../../admission/bound.ts';
import type { Deployment } from '../../routing/deployment.ts';
import { type ChatRequest, messagesOf, readCount } from './chat-request.ts';

const LIMITS = ['max_completion_tokens', 'max_tokens'] as const;
/** Members around which providers put words of their own. */
const EXTRAS = ['tools', 'functions', 'response_format'] as const;

/** Providers take either name; of two limits they may take either. */
function largest(limits: readonly (number | null)[]): number | null {
  const named = limits.filter((limit) => limit !== null);
  return named.length === 0 ? null : Math.max(...named);
}

function operatorsLimit({ defaults }: Deployment): number | null {
  return largest(LIMITS.map((name) => (defaults.has(name) ? Number(defaults.get(name)) : null)));
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

/** How large a call can become; the operator's limit counts where the client names none. Throws GatewayError bad_request. */
export function callSize(request: ChatRequest, deployments: readonly Deployment[]): CallSize {
  const client = largest(LIMITS.map((name) => readCount(request, name)));
  const operators = deployments.map(operatorsLimit);
  const operator = operators.includes(null) ? null : largest(operators);
  return {
    inputTokens: (model) => inputBound(request, model),
    maxTokens: client ?? operator,
    choices: readCount(request, 'n') ?? 1,
  };
}
