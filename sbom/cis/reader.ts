import type { SaxesTagNS } from 'saxes';

/** One part of a document that is collected while it streams by. The tags are those of XCCDF, in their order. */
export interface Reader {
  open(tag: SaxesTagNS): void;
  close(local: string, text: string): void;
}
