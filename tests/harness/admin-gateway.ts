import {
  bothHear,
  createAuthenticator,
  createLogs,
  createServer,
  type DirectHandler,
  type EndUserDefault,
  type Handlers,
  insertRefusals,
  type KeyRules,
  loadStoredModels,
  Models,
  managementHandlers,
  type NetworkRules,
  NO_KEY_RULES,
  nextReset,
  openPool,
  PasswordHasher,
  Refusals,
  type RouteDeclaration,
  type RouteRules,
  routes,
  SaltKeys,
  type TeamDefaults,
  type UserDefaults,
  uiHandlers,
  watchKeyChanges,
} from '../../gateway/index.ts';
import type { TestDatabase } from './postgres.ts';

const MASTER_KEY = 'sk-master-key-of-the-tests';
/** When budgets of these tests are reset. */
export const inUtc = (duration: string, now: number): Date => nextReset(duration, now, 'UTC');
export const INITIAL_PASSWORD = 'initial-password-0001';

export interface AdminGatewayOptions {
  readonly initialPassword?: string;
  readonly clock?: () => number;
  readonly endUserDefault?: EndUserDefault;
  readonly keyRules?: KeyRules;
  readonly teamDefaults?: TeamDefaults;
  readonly routeRules?: RouteRules;
  readonly networkRules?: NetworkRules;
  readonly userDefaults?: UserDefaults;
  readonly servesWithoutDatabase?: boolean;
  /** Whether changes are recorded, as they are by default. */
  readonly storeAuditLogs?: boolean;
}

interface ApiCall {
  readonly key?: string;
  /** POST where there is a body, else GET. */
  readonly method?: 'PATCH' | 'DELETE';
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

export type AdminGateway = Awaited<ReturnType<typeof startAdminGateway>>;

/**
 * The gateway's identity, key management and admin UI over a real database, asked in-process. Model routes answer who
 * was admitted instead of calling a provider.
 */
export async function startAdminGateway(database: TestDatabase, options: AdminGatewayOptions = {}) {
  const clock = options.clock ?? Date.now;
  const logged: string[] = [];
  const db = openPool(database.runtimeUrl, { max: 5 });
  const authenticator = createAuthenticator({
    db,
    masterKey: MASTER_KEY,
    clock,
    nextReset: inUtc,
    servesWithoutDatabase: options.servesWithoutDatabase ?? false,
  });
  // The same computation at a fraction of the cost: these tests sign in hundreds of times.
  const hasher = new PasswordHasher({ cost: { N: 2 ** 10, r: 8, p: 1 } });
  const stream = { write: (line: string) => void logged.push(line) };
  const { logger } = createLogs({ level: 'trace', stream });
  const audit = { enabled: options.storeAuditLogs ?? true, logger };
  const certain: (() => void)[] = [];
  const memory = {
    ...authenticator,
    confirmed(time: number) {
      authenticator.confirmed(time);
      for (const resolve of certain.splice(0)) resolve();
    },
  };
  const storedModels = {
    enabled: true,
    writable: true,
    rules: {
      allowUnknown: false,
      environment: {},
      timeouts: { timeoutMs: 1000, streamTimeoutMs: 1000 },
      limits: { enforced: false, parallel: null },
      credentials: new Map(),
    },
  };
  const saltKeys = new SaltKeys('salt-of-the-tests');
  const models = new Models({
    file: { deployments: [], aliases: {} },
    load: () => loadStoredModels({ db, keys: saltKeys, settings: storedModels, fileIds: [] }),
    now: clock,
    logger,
  });
  const watch = watchKeyChanges(db, memory, { logger, now: clock });
  const told = (_request: unknown, _reply: unknown, identity: unknown = {}) => identity;
  const toldDirectly: DirectHandler = ({ identity }, client) =>
    client.send(new Map([['content-type', 'application/json']]), Buffer.from(JSON.stringify(identity)));
  const doubles = Object.fromEntries(
    Object.entries<RouteDeclaration>(routes).map(([id, { direct }]) => [id, direct ? toldDirectly : told]),
  ) as unknown as Handlers;
  const refusals = new Refusals({
    enabled: true,
    write: (rows) => insertRefusals(db, rows),
    timers: { now: clock, after: () => () => undefined },
    logger,
  });
  const app = await createServer({
    authenticator,
    refusals,
    logger,
    ...(options.routeRules && { routeRules: options.routeRules }),
    ...(options.networkRules && { networkRules: options.networkRules }),
    handlers: {
      ...doubles,
      ...managementHandlers({
        db,
        memory: bothHear(authenticator, models),
        audit,
        logger,
        clock,
        nextReset: inUtc,
        endUserDefault: options.endUserDefault ?? null,
        keyRules: options.keyRules ?? NO_KEY_RULES,
        teamDefaults: options.teamDefaults ?? {},
        userDefaults: options.userDefaults ?? {},
        hasher,
        models,
        storedModels,
        saltKeys,
      }),
      ...uiHandlers({
        db,
        audit,
        refusals,
        clock,
        userName: 'admin',
        hasher,
        initialPassword: options.initialPassword ?? INITIAL_PASSWORD,
        state: () => ({
          version: '1.2.3',
          startedAt: clock(),
          providersEnvPath: '/etc/litellm/providers.env',
          models: [
            { name: 'gpt-test', provider: 'openai', missing: 'OPENAI_API_KEY' },
            { name: 'open-model', provider: 'hosted_vllm', missing: null },
          ],
        }),
      }),
    },
  });

  /** Calls an API route with a key. */
  async function call(path: string, { key = MASTER_KEY, body, method, headers = {} }: ApiCall = {}) {
    const answer = await app.inject({
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      url: path,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    });
    return { status: answer.statusCode, body: answer.json(), headers: answer.headers };
  }

  return {
    app,
    db,
    hasher,
    masterKey: MASTER_KEY,
    logged: () => logged.join(''),
    /** Waits until authentication knows, by the clock as it is now, that it has missed no change. */
    async certain(): Promise<void> {
      // The first may have been asked for before.
      for (let times = 0; times < 2; times++) await new Promise<void>((resolve) => certain.push(resolve));
    },
    /** Forgets every key that authentication has cached. */
    forget: () => authenticator.clear(),
    call,
    /** Stores the rows of what was refused. */
    storeRefusals: () => refusals.flush(),
    async close(): Promise<void> {
      await app.close();
      await watch.close();
      await db.end();
    },
  };
}
