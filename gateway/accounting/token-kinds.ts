/** Kinds of tokens that a prompt is made of; each token is of one kind. */
export const inputKinds = [
  'input',
  'cacheRead',
  'cacheWrite',
  'cacheWrite1h',
  'audioInput',
  'imageInput',
] as const;

/** Kinds of tokens that an answer is made of. */
export const outputKinds = ['output', 'reasoning', 'audioOutput', 'imageOutput'] as const;

export const tokenKinds = [...inputKinds, ...outputKinds] as const;

/** `input` and `output` are plain text: what is of no other kind. */
export type TokenKind = (typeof tokenKinds)[number];

/** What can have a price: a token of some kind, or a call as such. */
export type Priced = TokenKind | 'request';
