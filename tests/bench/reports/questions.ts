import { plantedKey } from '../../harness/planted-calls.ts';

/** What stored calls are spread over. */
export const SPREAD = { keys: 500, users: 250, teams: 25, models: 5 } as const;
export const DAYS = 30;

/** Whose key asks. */
export type Asker = 'master' | 'user';

export interface Question {
  readonly title: string;
  readonly asker: Asker;
  /** Path and query; `random` is from 0 to 1. */
  path(days: readonly string[], random: () => number): string;
}

const below = (most: number, random: () => number): number => Math.floor(random() * most);

const period = (days: readonly string[]): string =>
  `start_date=${days[0]}%2000:00:00&end_date=${days.at(-1)}%2023:59:59`;
const span = (days: readonly string[]): string => `start_date=${days[0]}&end_date=${days.at(-1)}`;

const calls = (
  title: string,
  query: (random: () => number) => string,
  asker: Asker = 'master',
): Question => ({
  title: `/spend/logs/ui ${title}`,
  asker,
  path: (days, random) => `/spend/logs/ui?${period(days)}&page_size=100${query(random)}`,
});

const report = (path: string, query = '', asker: Asker = 'master'): Question => ({
  title: `${path}${query && ` ${query}`}${asker === 'user' ? ', a user’s' : ''}`,
  asker,
  path: (days) => `${path}?${span(days)}${query && `&${query}`}`,
});

/** Lists and reports over thirty days, each asked many times, for other objects and pages where it has such. */
export const questions: readonly Question[] = [
  { title: '/spend/logs, undated', asker: 'master', path: () => '/spend/logs' },
  { title: '/spend/logs, undated, a user’s', asker: 'user', path: () => '/spend/logs' },
  report('/spend/logs', 'summarize=false'),
  report('/spend/logs'),
  report('/spend/logs', '', 'user'),
  calls('any page of the first 100', (random) => `&page=${1 + below(100, random)}`),
  calls('of a key', (random) => `&api_key=${plantedKey(below(SPREAD.keys, random))}`),
  calls('of a user', (random) => `&user_id=user-${below(SPREAD.users, random)}`),
  calls('of a team', (random) => `&team_id=team-${below(SPREAD.teams, random)}`),
  calls('of a model', (random) => `&model=model-${below(SPREAD.models, random)}`),
  calls('of a customer', (random) => `&end_user=customer-${10 * below(100, random)}`),
  calls('that failed', () => '&status_filter=failure'),
  calls('the dearest', () => '&sort_by=spend'),
  calls('a user’s own', () => '', 'user'),
  ...['', '/logs', '/keys', '/models', '/teams'].map((name) => report(`/global/spend${name}`)),
  ...['/provider', '/tags', '/report'].map((name) => report(`/global/spend${name}`)),
  report('/global/spend/report', 'group_by=customer'),
  report('/global/spend/report', 'group_by=api_key'),
  ...['', '/model', '/cache_hits'].map((name) => report(`/global/activity${name}`)),
  report('/global/activity/exceptions', 'model_group=group-0'),
  ...['user', 'team', 'tag', 'organization', 'customer'].map((whom) =>
    report(`/${whom}/daily/activity`, 'page_size=1000'),
  ),
  report('/user/daily/activity/aggregated'),
  report('/user/daily/activity/aggregated', '', 'user'),
];
