import type { CallSize } from '../../admission/bound.ts';
import type { Deployment } from '../../routing/deployment.ts';
import { type ChatRequest, readCount } from './chat-request.ts';

const LIMITS = ['max_completion_tokens', 'max_tokens'] as const;

/** Providers take either name; of two limits they may take either. */
function largest(limits: readonly (number | null)[]): number | null {
  const named = limits.filter((limit) => limit !== null);
  return named.length === 0 ? null : Math.max(...named);
}

function operatorsLimit({ defaults }: Deployment): number | null {
  return largest(LIMITS.map((name) => (defaults.has(name) ? Number(defaults.get(name)) : null)));
}

/** How large a call can become; the operator's limit counts where the client names none. Throws GatewayError bad_request. */
export function callSize(request: ChatRequest, deployments: readonly Deployment[]): CallSize {
  const client = largest(LIMITS.map((name) => readCount(request, name)));
  const operators = deployments.map(operatorsLimit);
  const operator = operators.includes(null) ? null : largest(operators);
  return {
    bodyBytes: request.scan.bytes.length,
    maxTokens: client ?? operator,
    choices: readCount(request, 'n') ?? 1,
  };
}
