export type EncodingName = 'o200k' | 'cl100k';

/** OpenAI's older models, and its newer and open ones; all others have tokenizers that we lack. */
const CL100K = /^(?:gpt-4(?:-|$)|gpt-3\.5)/;
const O200K =
  /^(?:gpt-|chatgpt-|chat-latest|codex-|computer-use-|o[1-9](?:-|$)|(?:openai\/)?gpt-oss-|ft:gpt-4[o.])/;

/** Whether a model's own tokenizer is used, so that a text's count is the model's. */
export function isCounted(model: string): boolean {
  return CL100K.test(model) || O200K.test(model);
}

/** The model's encoding, or the nearest that there is. */
export const encodingOf = (model: string): EncodingName => (CL100K.test(model) ? 'cl100k' : 'o200k');
