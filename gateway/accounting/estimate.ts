const BYTES_PER_TOKEN = 4;
/** About how many tokens a text of so many bytes is. */
export const estimateTokens = (bytes: number): number => Math.ceil(bytes / BYTES_PER_TOKEN);

/** A picture or a sound, whose base64 says nothing about its tokens. */
const MEDIA_TOKENS = 1000;

function tokensOf(content: unknown): number {
  if (typeof content === 'string') return estimateTokens(Buffer.byteLength(content));
  if (!Array.isArray(content)) return 0;
  return content.reduce((sum: number, part) => {
    if (typeof part?.text === 'string') return sum + tokensOf(part.text);
    return sum + (typeof part === 'object' && part !== null ? MEDIA_TOKENS : 0);
  }, 0);
}

/**
 * About how many tokens the messages of a request are: a token is four bytes, a medium a flat thousand. Messages that are
 * no JSON, which some providers take nevertheless, are one text.
 */
export function estimatePromptTokens(messages: unknown): number {
  if (typeof messages === 'string') return tokensOf(messages);
  if (!Array.isArray(messages)) return 0;
  return messages.reduce((sum: number, message) => sum + 4 + tokensOf(message?.content), 0);
}

/** A usage object for an answer whose provider sent none, or whose end nobody waited for. */
export function estimatedUsage(
  messages: unknown,
  completionTokens: number,
): Readonly<Record<string, unknown>> {
  const prompt = estimatePromptTokens(messages);
  return {
    prompt_tokens: prompt,
    completion_tokens: completionTokens,
    total_tokens: prompt + completionTokens,
    estimated: true,
  };
}

/** About how many tokens an answer's choices are. */
export function estimateCompletionTokens(choices: unknown): number {
  if (!Array.isArray(choices)) return 0;
  return choices.reduce((sum: number, choice) => sum + tokensOf(choice?.message?.content), 0);
}
