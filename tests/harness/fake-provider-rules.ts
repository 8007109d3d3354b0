/** What a strict OpenAI-compatible provider accepts; everything else is a fault of the gateway. */
import type { IncomingHttpHeaders } from 'node:http';

/** The members of OpenAI's chat request, as its API reference lists them. */
const CHAT_MEMBERS = new Set(
  `messages model audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens
  metadata modalities moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key
  prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop store stream
  stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options`.split(
    /\s+/,
  ),
);
const ROLES = new Set(['system', 'developer', 'user', 'assistant', 'tool']);

export interface ChatBody {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly stream?: boolean | null;
  readonly stream_options?: { readonly include_usage?: boolean } | null;
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
}

/** A violation of the protocol, answered as a provider would. */
export interface Violation {
  readonly status: number;
  readonly message: string;
  readonly param: string | null;
}

const violation = (status: number, message: string, param: string | null = null): Violation => ({
  status,
  message,
  param,
});

/** What is wrong with the head of a request; null when nothing is. */
export function headViolation(
  method: string,
  path: string,
  headers: IncomingHttpHeaders,
  wanted: { readonly path: string; readonly apiKey: string },
): Violation | null {
  if (path !== wanted.path) return violation(404, `Unknown request URL: ${method} ${path}`);
  if (method !== 'POST') return violation(405, `${method} is not allowed`);
  if (headers.authorization !== `Bearer ${wanted.apiKey}`)
    return violation(401, 'Incorrect API key provided');
  if (headers['content-type'] !== 'application/json')
    return violation(415, 'The body must be application/json');
  if (headers['accept-encoding'] !== 'identity') return violation(400, 'An encoding would be chosen');
  const foreign = Object.keys(headers).find((name) => /^(x-litellm|x-api-key|cookie|x-forwarded)/.test(name));
  return foreign === undefined ? null : violation(400, `The header ${foreign} is not a provider's business`);
}

/** Reads the body of a chat request; a violation when a strict provider would refuse it. */
export function readChatBody(text: string): ChatBody | Violation {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return violation(400, 'We could not parse the JSON body of your request');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return violation(400, 'The body must be an object');
  }
  const unknown = Object.keys(body).find((name) => !CHAT_MEMBERS.has(name));
  if (unknown !== undefined)
    return violation(400, `Unrecognized request argument supplied: ${unknown}`, unknown);
  const { model, messages, stream, stream_options: options } = body as Partial<ChatBody>;
  if (typeof model !== 'string' || model === '')
    return violation(400, 'you must provide a model parameter', 'model');
  if (!Array.isArray(messages) || messages.length === 0) {
    return violation(400, "Missing required parameter: 'messages'.", 'messages');
  }
  const strange = messages.findIndex((message) => !ROLES.has(message?.role));
  if (strange !== -1) return violation(400, `Invalid role in messages[${strange}]`, 'messages');
  if (options && stream !== true) {
    return violation(
      400,
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
      'stream_options',
    );
  }
  return body as ChatBody;
}
