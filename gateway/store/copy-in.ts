import type { Connection, PoolClient, Submittable } from 'pg';
import { storeError } from './sqlstate.ts';

/** One COPY ... FROM STDIN, which the driver has no statement for: it calls these methods as the server answers. */
class CopyIn implements Submittable {
  readonly #statement: string;
  readonly #messages: readonly Buffer[];
  readonly #end = Promise.withResolvers<void>();

  constructor(statement: string, messages: readonly Buffer[]) {
    this.#statement = statement;
    this.#messages = messages;
  }

  get end(): Promise<void> {
    return this.#end.promise;
  }

  submit(connection: Connection): void {
    connection.query(this.#statement);
  }

  handleCopyInResponse({ stream }: Connection): void {
    // In one go. After an error the server passes over what is still coming.
    stream.cork();
    for (const message of this.#messages) stream.write(message);
    stream.uncork();
  }

  handleCommandComplete(): void {}

  handleError(error: Error): void {
    this.#end.reject(error);
  }

  handleReadyForQuery(): void {
    this.#end.resolve();
  }
}

/** Runs a COPY ... FROM STDIN with these messages as its data. Throws GatewayError as `rows` does. */
export async function copyIn(db: PoolClient, statement: string, messages: readonly Buffer[]): Promise<void> {
  try {
    await db.query(new CopyIn(statement, messages)).end;
  } catch (error) {
    throw storeError(error);
  }
}
