import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import type { Identity } from '../../identity/identity.ts';
import { readerOfSums } from '../../identity/permissions.ts';
import type { DailyKind } from '../../store/daily-tables.ts';
import { ReportPool } from '../../store/report-pool.ts';
import {
  activity,
  activityByModel,
  cacheHits,
  exceptions,
  exceptionsByDeployment,
} from './activity-reports.ts';
import type { ManagementDeps } from './change.ts';
import { dailyActivity, wholeActivity } from './daily-activity.ts';
import { type ManagementOptions, management } from './management.ts';
import { content, logs, page, session } from './spend-logs.ts';
import { report } from './spend-report.ts';
import {
  byDay,
  customers,
  globalKeys,
  globalModels,
  globalTags,
  keys,
  providers,
  type Report,
  tagNames,
  tags,
  teams,
  total,
  users,
} from './spend-reports.ts';
import { readEndUsersBody } from './spend-requests.ts';
import { resetSpend } from './spend-reset.ts';

const detail: ManagementOptions = { errors: 'detail' };

/** The handlers of what tells what was spent. */
export function spendHandlers(deps: ManagementDeps) {
  const reports = new ReportPool(deps.db);
  const told = (tell: (report: Report) => Promise<unknown>, options: ManagementOptions = detail) =>
    management(
      (request, who, reply) => reports.run((db) => tell({ db, request, who, reply, now: deps.clock() })),
      options,
    );
  const sums: typeof told = (tell, options) =>
    told((report) => tell({ ...report, who: readerOfSums(report.who) }), options);
  const daily = (kind: DailyKind) =>
    management((request, who, reply) => dailyActivity(reports, kind, { request, who, reply }), detail);
  const calls = management((request, who, reply) => page(reports, request, who, reply));
  const customerActivity = daily('endUser');
  return {
    spendLogs: management((request, who, reply) => logs(reports, request, who, reply)),
    spendLogsPage: calls,
    spendLogsPageV2: calls,
    spendLogContent: management((request, who) => content(reports, request, who)),
    sessionSpendLogs: management((request, who, reply) => session(reports, request, who, reply)),
    spendKeys: told(keys),
    spendUsers: told(users),
    spendTags: sums(tags),
    globalSpend: sums(total),
    globalSpendLogs: sums(byDay),
    globalSpendKeys: sums(globalKeys),
    globalSpendModels: sums(globalModels),
    globalSpendProviders: sums(providers),
    globalSpendTeams: sums(teams),
    globalSpendTags: sums(globalTags),
    globalTagNames: sums(tagNames),
    globalSpendEndUsers: sums(customers, { ...detail, body: readEndUsersBody }),
    globalSpendReport: sums(report),
    globalActivity: sums(activity),
    globalActivityModels: sums(activityByModel),
    globalActivityCacheHits: sums(cacheHits),
    globalActivityExceptions: sums(exceptions),
    globalActivityExceptionsByDeployment: sums(exceptionsByDeployment),
    resetGlobalSpend: management((request, who) => resetSpend(deps, request, who)),
    // No provider can be given a budget: the setting is refused.
    providerBudgets: management(async () => ({ providers: {} })),
    userDailyActivity: daily('user'),
    wholeUserDailyActivity: management(
      (request: GatewayRequest, who: Identity, reply) => wholeActivity(reports, { request, who, reply }),
      detail,
    ),
    teamDailyActivity: daily('team'),
    tagDailyActivity: daily('tag'),
    organizationDailyActivity: daily('organization'),
    customerDailyActivity: customerActivity,
    endUserDailyActivity: customerActivity,
    agentDailyActivity: daily('agent'),
  } satisfies Partial<Handlers>;
}
