import { MESSAGES } from '../harness/chat.ts';
import { like, list, number, section, some, text } from './row.ts';

/** Days from before the calls of this table: what the numbers are say the tests of the reports. */
const days = 'start_date=2020-01-01&end_date=2020-01-02';
const period = 'start_date=2020-01-01%2000:00:00&end_date=2020-01-02%2000:00:00';
const page = { data: [], total: 0, page: 1, page_size: 50, total_pages: 0 };
const activity = { sum_api_requests: 0, sum_total_tokens: 0 };
const daily = {
  results: [],
  metadata: { total_spend: 0, total_tokens: 0, total_api_requests: 0, page: 1, has_more: false },
};

const entities = ['user', 'team', 'tag', 'organization', 'customer', 'end_user', 'agent'] as const;

export const spend = section('3.9', [
  ['what was spent on each of some days', `GET /spend/logs?${days}`, {}, 200],
  ['one call, or null where there is none', 'GET /spend/logs?request_id=none', {}, 200, [null]],
  ['calls of a time by pages', `GET /spend/logs/ui?${period}`, {}, 200, page],
  ['under its other name too', `GET /spend/logs/v2?${period}`, {}, 200, page],
  ['a page of no time', 'GET /spend/logs/ui', {}, 400],
  ['what was said in a call, or null', 'GET /spend/logs/ui/none', {}, 200, null],
  ['the calls of a session', 'GET /spend/logs/session/ui?session_id=none', {}, 200],
  ['keys by what they have spent', 'GET /spend/keys', {}, 200, some(like({ token: text, spend: number }))],
  [
    'users by what they have spent',
    'GET /spend/users',
    {},
    200,
    some(like({ user_id: text, spend: number })),
  ],
  ['spend by tags', `GET /spend/tags?${days}`, {}, 200, []],
  [
    'what a prompt would cost',
    'POST /spend/calculate',
    { body: { model: 'one', messages: MESSAGES } },
    200,
    { cost: number },
  ],
  ['all that was spent in 30 days', 'GET /global/spend', {}, 200, { spend: number, max_budget: number }],
  ['by days', 'GET /global/spend/logs', {}, 200],
  ['by keys', 'GET /global/spend/keys?limit=1', {}, 200],
  ['by models', 'GET /global/spend/models?limit=1', {}, 200],
  ['by providers', `GET /global/spend/provider?${days}`, {}, 200, []],
  [
    'by teams',
    'GET /global/spend/teams',
    {},
    200,
    { daily_spend: list, teams: list, total_spend_per_team: list },
  ],
  ['by customers', 'POST /global/spend/end_users', { body: {} }, 200],
  ['by tags', `GET /global/spend/tags?${days}`, {}, 200, { spend_per_tag: [] }],
  ['the tags that there are', 'GET /global/spend/all_tag_names', {}, 200],
  ['a report of each day', `GET /global/spend/report?${days}&group_by=team`, {}, 200, []],
  ['calls and tokens of each day', `GET /global/activity?${days}`, {}, 200, activity],
  ['by models', `GET /global/activity/model?${days}`, {}, 200, []],
  ['from a cache', `GET /global/activity/cache_hits?${days}`, {}, 200],
  ['calls that met a limit', `GET /global/activity/exceptions?${days}&model_group=one`, {}, 200],
  ['by deployments', `GET /global/activity/exceptions/deployment?${days}&model_group=one`, {}, 200],
  ['budgets of providers', 'GET /provider/budgets', {}, 200, { providers: {} }],
  ...entities.map(
    (entity) =>
      [
        `the activity of each ${entity} on each day`,
        `GET /${entity}/daily/activity?${days}`,
        {},
        200,
        daily,
      ] as const,
  ),
  ['no days', 'GET /user/daily/activity', {}, 400],
  ['all days in one answer', `GET /user/daily/activity/aggregated?${days}`, {}, 200, { results: [] }],
  [
    'spend is set to nothing, by the master key alone',
    'POST /global/spend/reset',
    { body: {} },
    200,
    { message: text, status: 'success' },
  ],
]);
