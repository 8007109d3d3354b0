export { PICO_PER_USD, type Pico, picoFromUsd, usdFromPico } from './accounting/money.ts';
export type { Charge, SpendRecord } from './accounting/spend.ts';
export { systemTimers, type Timers } from './accounting/timers.ts';
export { nextReset } from './admission/budget-period.ts';
export { Ledger } from './admission/ledger/ledger.ts';
export type { BudgetRow, BudgetStore, Decision } from './admission/ledger/port.ts';
export type { Reservation } from './admission/ledger/reservation.ts';
export { type Limit, type LimitStore, newLimit } from './admission/limits/limit-store.ts';
export { MemoryStore } from './admission/limits/memory-store.ts';
export { connectRedis } from './admission/limits/redis/connection.ts';
export { RedisStore, type RunScript } from './admission/limits/redis/redis-store.ts';
export { verifyExport } from './audit-command.ts';
export { gatewayBundle } from './bundle.ts';
export { SILENT } from './caller.ts';
export type { EndUserDefault } from './config/config.ts';
export { type KeyRules, NO_KEY_RULES } from './config/key-rules.ts';
export type { NetworkRules } from './config/network-rules.ts';
export { readConfig } from './config/read-config.ts';
export type { RouteRules } from './config/route-rules.ts';
export type { TeamDefaults } from './config/team-defaults.ts';
export type { UserDefaults } from './config/user-defaults.ts';
export { absentRoutes } from './http/absent.ts';
export { AUTH_FAILURE_HEADER, type AuthFailure, authFailures } from './http/auth-failure.ts';
export type { DirectHandler, Handlers } from './http/handler.ts';
export { limits } from './http/limits.ts';
export { type Access, audiences, type RouteDeclaration, type RouteId, routes } from './http/routes.ts';
export { createServer } from './http/server.ts';
export { createAuthenticator, type KeyAuthenticator } from './identity/authenticator.ts';
export { PasswordHasher } from './identity/password.ts';
export { AlertDelivery } from './observe/alerts/delivery.ts';
export type { Outbox } from './observe/alerts/outbox.ts';
export { openPoster } from './observe/alerts/post.ts';
export { readSecret } from './observe/alerts/signature.ts';
export { createLogs } from './observe/logger.ts';
export { Refusals } from './observe/refusals.ts';
export { personalDataCommand, readPersonalDataArguments } from './personal-data-command.ts';
export { Models } from './routing/models.ts';
export { loadStoredModels } from './routing/stored-models.ts';
export { alertOutbox } from './store/alert-outbox.ts';
export { alikeCalls } from './store/alike-calls.ts';
export type { Audit } from './store/audit-log.ts';
export { verifyAudit } from './store/audit-verify.ts';
export type { AlertRules } from './store/budget-alerts.ts';
export { watchBudgets } from './store/budget-announcements.ts';
export { adoptProcesses } from './store/budget-processes.ts';
export { applySpend } from './store/budget-spend.ts';
export { PostgresBudgets } from './store/budget-store.ts';
export { type BudgetSetting, setBudgets } from './store/budgets.ts';
export { transaction } from './store/connection.ts';
export { endUserBudget } from './store/end-user-budgets.ts';
export { bothHear, watchKeyChanges } from './store/key-changes.ts';
export { migrations } from './store/migrations.ts';
export { applyMigrations } from './store/migrator.ts';
export { openPool } from './store/pool.ts';
export {
  dropOldAudit,
  dropOldSpend,
  type Prepared,
  type PrepareOptions,
  prepareDatabase,
  preparePartitions,
} from './store/prepare.ts';
export { insertRefusals } from './store/refusal-rows.ts';
export { requireSchema } from './store/schema.ts';
export { SaltKeys } from './store/sealed-text.ts';
export { insertSpendLogs } from './store/spend-logs.ts';
export { managementHandlers } from './surfaces/admin/handlers.ts';
export { uiHandlers } from './ui/handlers.ts';
