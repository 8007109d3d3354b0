import { cheapInputBound, tokenizerInputBound } from '../../accounting/input-bound.ts';
import type { CallSize, Counter } from '../../admission/call-size.ts';
import type { Deployment } from '../../routing/deployment.ts';
import { type ChatRequest, largerLimit, messagesOf } from './chat-request.ts';

/** Members around which providers put words of their own. */
const EXTRAS = ['tools', 'functions', 'response_format'] as const;

/** Members that are no part of a prompt; all others might be. */
const NO_PROMPT = new Set(
  `messages model stream stream_options max_tokens max_completion_tokens n temperature top_p seed stop user metadata store
  frequency_penalty presence_penalty logit_bias logprobs top_logprobs parallel_tool_calls reasoning_effort verbosity
  service_tier modalities prompt_cache_key prompt_cache_retention safety_identifier ${EXTRAS.join(' ')}`.split(
    /\s+/,
  ),
);

/** A count among the members that the operator has set; null also for what is none, which a provider will refuse. */
function defaultCount({ defaults }: Deployment, name: string): number | null {
  const count = Number(defaults.get(name));
  return Number.isSafeInteger(count) && count > 0 ? count : null;
}

const operatorsLimit = (deployment: Deployment): number | null =>
  largerLimit(defaultCount(deployment, 'max_completion_tokens'), defaultCount(deployment, 'max_tokens'));

/** The operators' limit of an answer, whichever of the deployments makes it; null when one of them has none. */
function commonLimit(deployments: readonly Deployment[]): number | null {
  const limits = deployments.map(operatorsLimit);
  return limits.includes(null) ? null : limits.reduce(largerLimit, null);
}

/**
 * The limit that a deployment is sent where the gateway sets one for a group of them: what was set aside is the same for all,
 * what they make is not.
 */
export function limitFor(deployment: Deployment, maxTokensSet: number | null): number | null {
  if (maxTokensSet === null) return null;
  return Math.min(maxTokensSet, operatorsLimit(deployment) ?? deployment.maxOutputTokens);
}

/** The most tokens of the prompt: what is neither a message nor an extra counts by its bytes, whatever it is. */
function inputBound(request: ChatRequest, model: string): number {
  const { scan } = request;
  const { bytes } = scan;
  const sizeOf = (name: string): number => {
    const member = scan.find(name);
    return member === undefined ? 0 : member.valueEnd - member.valueStart;
  };
  const extraBytes = EXTRAS.map(sizeOf).filter((size) => size > 0);
  const messages = scan.find('messages');
  const sent = messages === undefined ? bytes : bytes.subarray(messages.valueStart, messages.valueEnd);
  const rest = bytes.length - sent.length - extraBytes.reduce((sum, size) => sum + size, 0);
  const parsed = (): unknown => messagesOf(request);
  return cheapInputBound({ model, messages: sent, extraBytes, parsed }) + rest;
}

/** The same by tokenizer: messages and extras are counted, what else may become part of the prompt counts by its bytes. */
async function countedBound(request: ChatRequest, model: string, counter: Counter): Promise<number> {
  const { scan } = request;
  const { bytes, order } = scan;
  const extras = EXTRAS.flatMap((name) => {
    const member = scan.find(name);
    return member === undefined ? [] : [bytes.toString('utf8', member.valueStart, member.valueEnd)];
  });
  const rest = order
    .filter(({ name }) => !NO_PROMPT.has(name))
    .reduce((sum, { valueStart, valueEnd }) => sum + valueEnd - valueStart, 0);
  return (await tokenizerInputBound({ model, messages: messagesOf(request), extras }, counter)) + rest;
}

/** How large a call can become; what the operator has set counts where the client says nothing. */
export function callSize(request: ChatRequest, deployments: readonly Deployment[]): CallSize {
  // A prompt of 50 MB in many parts takes two seconds in which no other call gets its turn.
  const inputTokens = new Map<string, number>();
  return {
    bytes: request.scan.bytes.length,
    inputTokens: (model) => {
      const tokens = inputTokens.get(model) ?? inputBound(request, model);
      inputTokens.set(model, tokens);
      return tokens;
    },
    countedTokens: (model, counter) => countedBound(request, model, counter),
    maxTokens: request.maxTokens ?? commonLimit(deployments),
    choices: request.choices ?? Math.max(...deployments.map((one) => defaultCount(one, 'n') ?? 1)),
  };
}
