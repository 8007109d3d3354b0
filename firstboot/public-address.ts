/** What the cloud says about the address by which the world reaches this machine. */
export type PublicAddress =
  | { readonly kind: 'known'; readonly address: string }
  /** The cloud answered: there is none, or it does not tell. */
  | { readonly kind: 'none'; readonly note: string }
  /** Nobody answered; an address known from before may still be right. */
  | { readonly kind: 'unavailable'; readonly note: string };
