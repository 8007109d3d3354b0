import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { SpendJournal } from './accounting/journal/spend-journal.ts';
import { usdFromPico } from './accounting/money.ts';
import { RowIds } from './accounting/row-id.ts';
import { cutOff, type SpendRecord } from './accounting/spend.ts';
import { spendCodec } from './accounting/spend-codec.ts';
import { systemTimers } from './accounting/timers.ts';
import { TokenCounter } from './accounting/token-counter.ts';
import { nextReset } from './admission/budget-period.ts';
import { CallBudgets } from './admission/call-budgets.ts';
import { EndUserBlocks } from './admission/end-user-blocks.ts';
import { EndUserBudgets } from './admission/end-user-budgets.ts';
import { Ledger } from './admission/ledger/ledger.ts';
import { Descriptors } from './admission/limits/descriptors.ts';
import type { LimitStore } from './admission/limits/limit-store.ts';
import { Limits } from './admission/limits/limits.ts';
import { MemoryStore } from './admission/limits/memory-store.ts';
import { openSharedCounters } from './admission/limits/redis/open-store.ts';
import { TagBudgets } from './admission/tag-budgets.ts';
import type { Config } from './config/config.ts';
import type { ConfigSource } from './config/read-config.ts';
import { requireDatabase } from './database.ts';
import { Drain } from './http/drain.ts';
import { createServer } from './http/server.ts';
import { createAuthenticator } from './identity/authenticator.ts';
import { KeyStreams } from './identity/key-streams.ts';
import { isOutage } from './identity/outage.ts';
import { PasswordHasher } from './identity/password.ts';
import { AlertDelivery } from './observe/alerts/delivery.ts';
import { openPoster } from './observe/alerts/post.ts';
import { readSecret } from './observe/alerts/signature.ts';
import type { Logs } from './observe/logger.ts';
import { Refusals } from './observe/refusals.ts';
import { ProviderClient } from './providers/http/provider-client.ts';
import { Remainders } from './providers/remainders.ts';
import { Models } from './routing/models.ts';
import { isOpenTo, type Plan } from './routing/plan.ts';
import { loadStoredModels } from './routing/stored-models.ts';
import { alertOutbox } from './store/alert-outbox.ts';
import type { AlertRules } from './store/budget-alerts.ts';
import { watchBudgets } from './store/budget-announcements.ts';
import { adoptProcesses } from './store/budget-processes.ts';
import { PostgresBudgets } from './store/budget-store.ts';
import { readBudgets } from './store/budgets-table.ts';
import { endUserBudget } from './store/end-user-budgets.ts';
import { anyLimitedEndUser, blockedEndUsers } from './store/end-users.ts';
import type { BudgetRules } from './store/follow-budgets.ts';
import { setGlobalBudget } from './store/global-budget.ts';
import { bothHear, watchKeyChanges } from './store/key-changes.ts';
import { openPool } from './store/pool.ts';
import { insertRefusals } from './store/refusal-rows.ts';
import { requireSchema } from './store/schema.ts';
import { SaltKeys } from './store/sealed-text.ts';
import { insertSpendLogs } from './store/spend-logs.ts';
import { tagBudgets } from './store/tag-budgets.ts';
import type { ManagementDeps } from './surfaces/admin/change.ts';
import { managementHandlers } from './surfaces/admin/handlers.ts';
import { healthCheckHandlers } from './surfaces/admin/health-checks.ts';
import { settingsHandlers } from './surfaces/admin/settings.ts';
import { calculateHandlers } from './surfaces/admin/spend-calculate.ts';
import { healthHandlers } from './surfaces/health.ts';
import { type ChatDeps, chatHandlers } from './surfaces/openai/chat-completions.ts';
import { ContentPolicy } from './surfaces/openai/content-policy.ts';
import { modelHandlers } from './surfaces/openai/models.ts';
import { Probes } from './surfaces/openai/probes.ts';
import { uiHandlers } from './ui/handlers.ts';

const SECOND = 1000;
const SPEND_CLOSE_MS = 10 * SECOND;

export interface GatewayOptions {
  readonly config: Config;
  /** What the file says, without what the database holds. */
  readonly source: ConfigSource;
  readonly logs: Logs;
  readonly version: string;
  readonly providersEnv: string;
  /** The built-in admin's name and the password that opens the form which replaces it. */
  readonly admin: { readonly userName: string; readonly initialPassword: string | undefined };
}

/** A gateway whose database is reachable and whose routes are registered. Disposing it closes what it opened, in reverse. */
export interface Gateway extends AsyncDisposable {
  readonly app: FastifyInstance;
  readonly drain: Drain;
  /** Ends what nobody waits for any more: answers without a client, and counts. */
  cut(): void;
}

/** The models of file and database, as they are and as they will be. */
async function openModels({ config, logs }: GatewayOptions, db: Pool, keys: SaltKeys): Promise<Models> {
  const { storedModels: settings } = config;
  const fileIds = config.deployments.map(({ id }) => id);
  const load = () => loadStoredModels({ db, keys, settings, fileIds });
  const models = new Models({
    file: config,
    load: settings.enabled ? load : null,
    now: Date.now,
    logger: logs.logger,
  });
  await models.refresh();
  return models;
}

/** What the admin UI shows of models: those of teams are no first thing to call. */
const modelStates = ({ entries }: Plan) =>
  entries
    .filter((entry) => isOpenTo(entry, null))
    .map(({ config: { modelName, provider, missingVariable } }) => ({
      name: modelName,
      provider,
      missing: missingVariable,
    }));

async function openDatabase({ config, logs }: GatewayOptions, stack: AsyncDisposableStack): Promise<Pool> {
  const pool = openPool(config.databaseUrl, {
    max: config.databaseConnections,
    onError: (error) => logs.logger.warn({ err: error }, 'an idle database connection broke'),
  });
  stack.defer(() => pool.end());
  await requireDatabase(pool, config.databaseUrl);
  return pool;
}

/** How the store is to tell that budgets are spent; null where nobody wants to know. */
function alertRules({ alerting }: Config): AlertRules | null {
  return alerting && { ttlMs: alerting.repeatMs, clock: Date.now };
}

/** Names a budget that customers are to have and that does not exist: their calls are refused until somebody makes it. */
async function nameMissingBudget({ config, logs }: GatewayOptions, db: Pool): Promise<void> {
  const budgetId = config.endUserDefault?.budgetId ?? null;
  if (budgetId === null || (await readBudgets(db, [budgetId])).length > 0) return;
  logs.logger.error(
    { budget: budgetId },
    'litellm_settings.max_end_user_budget_id names a budget that does not exist: calls for customers without a budget of their own are refused until it is made by /budget/new',
  );
}

/** Sends what the store has to tell to the operator's webhook, if there is one. */
function openDelivery(
  { config: { alerting }, logs: { logger } }: GatewayOptions,
  db: Pool,
  stack: AsyncDisposableStack,
): void {
  const key = alerting && readSecret(alerting.secret);
  if (alerting === null || key === null) return;
  const poster = openPoster(alerting.url, systemTimers);
  const delivery = new AlertDelivery({ outbox: alertOutbox(db), poster, key, timers: systemTimers, logger });
  stack.defer(() => delivery.close());
}

/** A journal whose rows go into the database, those of dead processes too: what these held of budgets is free then. */
async function openJournal(
  { config, logs }: GatewayOptions,
  db: Pool,
  processId: string,
): Promise<SpendJournal<SpendRecord>> {
  const { spendDirectory: stateDirectory, spendFlushMs: flushMs } = config;
  // Left out, or all the rows behind it would wait for ever.
  const unstorable = ({ rowId, apiKey, spend, startTime }: SpendRecord, err: unknown): void =>
    logs.logger.error(
      { err, row: rowId, key: apiKey, spend: usdFromPico(spend), started: startTime },
      'no spend row can hold this call: it is left out, and is to be charged by hand',
    );
  try {
    return await SpendJournal.open({
      stateDirectory,
      processId,
      codec: spendCodec,
      write: (rows) => insertSpendLogs(db, rows, { unstorable, alerts: alertRules(config) }),
      adopted: (dead) => adoptProcesses(db, [dead]),
      lost: cutOff,
      timers: systemTimers,
      logger: logs.logger,
      flushMs,
      closeMs: SPEND_CLOSE_MS,
    });
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new Error(
      `the spend journal cannot be kept in ${stateDirectory}: ${reason}; make room there, or name another directory in LITELLM_SPEND_DIR`,
      { cause },
    );
  }
}

/** Counters of limits: this process's, or those that several machines share. */
async function openCounters(
  { config: { redis }, logs: { logger } }: GatewayOptions,
  processId: string,
  stack: AsyncDisposableStack,
): Promise<LimitStore> {
  const now = (): number => performance.now();
  const own = new MemoryStore(now);
  if (redis === null) return own;
  return openSharedCounters({ redis, own, now, processId, timers: systemTimers, logger }, stack);
}

/** Builds the gateway; it does not listen yet. Throws when the database is away or its schema is not this program's. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, logs, version, providersEnv } = options;
  const { logger } = logs;
  await using stack = new AsyncDisposableStack();
  const startedAt = Date.now();
  const db = await openDatabase(options, stack);
  const processId = randomUUID();
  const nextResetHere = (duration: string, now: number): Date => nextReset(duration, now, config.timezone);
  const rules = (): BudgetRules => ({
    now: Date.now(),
    nextReset: nextResetHere,
    endUserDefault: config.endUserDefault,
  });
  if (config.globalBudget !== null) await setGlobalBudget(db, config.globalBudget, rules());
  const store = new PostgresBudgets({
    db,
    processId,
    nextReset: nextResetHere,
    endUserDefault: config.endUserDefault,
    alerts: alertRules(config),
  });
  const ledger = new Ledger({ store, processId, timers: systemTimers, logger });
  // After the last rows are stored: only then is it known what can be given back.
  stack.defer(() => ledger.close());
  stack.use(watchBudgets(db, ledger, logger));
  openDelivery(options, db, stack);
  const spend = await openJournal(options, db, processId);
  stack.defer(() => spend.close());
  const authenticator = createAuthenticator({
    db,
    masterKey: config.masterKey,
    clock: Date.now,
    nextReset: nextResetHere,
    servesWithoutDatabase: config.servesWithoutDatabase,
    keyHeader: config.keyHeader,
  });
  const endUserBlocks = new EndUserBlocks({ load: () => blockedEndUsers(db), logger });
  await endUserBlocks.refresh();
  const endUserBudgets = new EndUserBudgets({
    load: (endUser) => endUserBudget(db, endUser, rules()),
    anyLimited: async () => config.endUserDefault !== null || (await anyLimitedEndUser(db)),
    outage: config.servesWithoutDatabase ? isOutage : null,
    clock: Date.now,
    logger,
  });
  await endUserBudgets.refresh();
  await nameMissingBudget(options, db);
  const heldByTags = new TagBudgets({ load: () => tagBudgets(db, rules()), clock: Date.now, logger });
  await heldByTags.refresh();
  const streams = config.cutsStreamsOnBlock
    ? new KeyStreams({ current: authenticator.current, logger })
    : null;
  // Streams ask for keys anew, so that they hear behind whoever remembers these.
  const known = bothHear(authenticator, bothHear(heldByTags, bothHear(endUserBlocks, endUserBudgets)));
  const saltKeys = new SaltKeys(config.saltKey, config.earlierSaltKeys);
  const models = await openModels(options, db, saltKeys);
  const heard = bothHear(known, models);
  const memory = streams === null ? heard : bothHear(heard, streams);
  stack.use(watchKeyChanges(db, memory, { logger, now: Date.now }));
  const counter = stack.use(new TokenCounter({ timers: systemTimers, logger }));
  const remainders = new Remainders({ policy: config.onClientDisconnect, timers: systemTimers });
  const dispatcher = new ProviderClient({ timers: systemTimers, now: () => performance.now() });
  stack.defer(() => dispatcher.destroy());
  const counters = await openCounters(options, processId, stack);
  const limits = new Limits({ store: counters, now: Date.now });
  const drain = new Drain();
  const hasher = new PasswordHasher();
  const audit = { enabled: config.recordChanges, logger };
  const refusals = new Refusals({
    enabled: config.recordCalls && config.recordFailures,
    write: (rows) => insertRefusals(db, rows),
    timers: systemTimers,
    logger,
    keyHeader: config.keyHeader,
  });
  stack.defer(() => refusals.close());
  const chat: ChatDeps = {
    plan: models,
    limits,
    limitedTokens: config.limitedTokens,
    descriptors: new Descriptors(config.globalParallel),
    userHeaders: config.userHeaders,
    userRequired: config.userRequired,
    requiredParams: config.requiredParams,
    endUserBudgets,
    tagBudgets: heldByTags,
    tagSettings: config.tags,
    dispatcher,
    spend,
    counter,
    remainders,
    rowIds: new RowIds({ now: Date.now }),
    ledger,
    budgets: new CallBudgets({ global: config.globalBudget !== null }),
    enforcement: config.budgetEnforcement,
    drain,
    endUserBlocks,
    streams,
    refusals,
    ...logs,
    timers: systemTimers,
    maxAnswerBytes: config.networkRules.maxAnswerBytes,
    version,
    alwaysIncludeUsage: config.alwaysIncludeStreamUsage,
    recordCalls: config.recordCalls,
    recordFailures: config.recordFailures,
    contentPolicy: new ContentPolicy(config.content),
    logKeys: config.logKeys,
    providersEnv,
  };
  const management: ManagementDeps = {
    db,
    memory,
    audit,
    logger,
    clock: Date.now,
    nextReset: nextResetHere,
    endUserDefault: config.endUserDefault,
    keyRules: config.keyRules,
    teamDefaults: config.teamDefaults,
    userDefaults: config.userDefaults,
    hasher,
    models,
    storedModels: config.storedModels,
    saltKeys,
  };
  const app = await createServer({
    logger,
    authenticator,
    refusals,
    routeRules: config.routeRules,
    networkRules: config.networkRules,
    handlers: {
      ...chatHandlers(chat),
      ...modelHandlers(models),
      ...healthHandlers({
        version,
        logLevel: config.logLevel,
        drain,
        now: Date.now,
        probe: () => requireSchema(db),
        servesWithoutDatabase: config.servesWithoutDatabase,
      }),
      ...managementHandlers(management),
      ...healthCheckHandlers({
        ...management,
        probes: new Probes(chat, config.healthChecks.concurrency),
        details: config.healthChecks.details,
      }),
      ...settingsHandlers({
        ...management,
        config,
        source: options.source,
        ignored: config.ignoresStoredSettings,
      }),
      ...calculateHandlers({ plan: models, counter, clock: Date.now }),
      ...uiHandlers({
        db,
        hasher,
        audit,
        refusals,
        clock: Date.now,
        ...options.admin,
        state: () => ({ version, startedAt, providersEnvPath: providersEnv, models: modelStates(models) }),
      }),
    },
  });
  stack.defer(() => app.close());
  const cut = (): void => {
    remainders.close();
    counter.close();
  };
  const opened = stack.move();
  return { app, drain, cut, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
