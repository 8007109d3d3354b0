/** A network; a single address is one of full length. */
export interface Network {
  readonly address: string;
  /** Leading bits that all of its addresses share. */
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** What the operator says of the network: from where callers may come, and how much they and providers may send. */
export interface NetworkRules {
  /** Where callers may come from; null for everywhere. */
  readonly allowed: readonly Network[] | null;
  /** Most bytes of a request's body; null for what the gateway takes anyway. */
  readonly maxRequestBytes: number | null;
  /** Most bytes of an answer that is not streamed; null for what the gateway takes anyway. */
  readonly maxAnswerBytes: number | null;
}

export const NO_NETWORK_RULES: NetworkRules = Object.freeze({
  allowed: null,
  maxRequestBytes: null,
  maxAnswerBytes: null,
});
