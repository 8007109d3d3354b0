import { Hopeless, until } from '../../packer/index.ts';
import { MASTER_KEY } from './gateway-process.ts';
import type { Edge } from './nginx.ts';
import type { TestDatabase } from './postgres.ts';
import { gatewayProgram } from './programs.ts';
import type { SandboxProcess } from './sandbox.ts';

const SECOND = 1000;

/** The sandbox has its own loopback, so the gateway reaches the test's PostgreSQL by socket. */
function bySocket(database: TestDatabase, user: string): string {
  const url = new URL(database.ownerUrl);
  url.searchParams.set('user', user);
  return url.href;
}

export interface EdgeGatewayOptions {
  /** Text of config.yaml. */
  readonly config: string;
  readonly database: TestDatabase;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts the real gateway behind the edge, with the arguments of its unit, and waits until it serves. */
export async function startBehind(edge: Edge, options: EdgeGatewayOptions): Promise<SandboxProcess> {
  const { paths, users } = edge.facts;
  edge.ready(false);
  edge.write(paths.config, options.config);
  const readyFile = `${paths.runtime}/ready`;
  const program = [process.execPath, gatewayProgram, '--config', paths.config, '--ready-file', readyFile];
  const gateway = edge.sandbox.start(program, {
    env: {
      LITELLM_MASTER_KEY: MASTER_KEY,
      LITELLM_SALT_KEY: 'salt-of-the-edge-tests',
      DATABASE_URL: bySocket(options.database, users.service),
      ...options.environment,
    },
  });
  await until('the gateway serves', 30 * SECOND, async () => {
    if (gateway.exitCode !== null) throw new Hopeless(`the gateway ended: ${gateway.output}`);
    if (!edge.exists(readyFile)) throw new Error(`not yet: ${gateway.output}`);
  });
  return gateway;
}
