import { createServer, type RequestListener, type Server } from 'node:http';
import type { Edge } from './nginx.ts';

/** Serves `listener` where the edge expects the gateway, so that a test can make it answer what the real one would not. */
export class Upstream implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(edge: Edge, listener: RequestListener): Promise<Upstream> {
    const handle = await edge.sandbox.listen('127.0.0.1', edge.facts.ports.gateway);
    const upstream = new Upstream(createServer(listener).listen(handle));
    edge.ready(true);
    return upstream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
