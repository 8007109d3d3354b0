/** What Network asks of the process it keeps inside its namespace. */
export type DoorOrder =
  | { readonly kind: 'listen'; readonly id: number; readonly host: string; readonly port: number }
  | { readonly kind: 'bind'; readonly id: number; readonly host: string; readonly port: number }
  | {
      readonly kind: 'connect';
      readonly id: number;
      readonly host: string;
      readonly port: number;
      /** Source address; must be one of the namespace's own. */
      readonly from: string;
      readonly timeoutMs: number;
    };

/** The answer to the order `id`, with the socket beside it unless there is an `error` (its system code). */
export interface DoorAnswer {
  readonly id: number;
  readonly error?: string;
}
