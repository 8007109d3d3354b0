import { sortableCallColumns } from '../../store/spend-list.ts';
import { pageNumber, pageSize } from './pages.ts';
import type { AskedDays } from './report-days.ts';
import { bodyReader, queryReader } from './validation.ts';

const text = { type: 'string' } as const;
const days = { start_date: text, end_date: text } as const;

export interface SpendLogsQuery extends AskedDays {
  readonly api_key?: string;
  readonly user_id?: string;
  readonly request_id?: string;
  readonly summarize: boolean;
}

export const readSpendLogsQuery = queryReader<SpendLogsQuery>({
  type: 'object',
  properties: {
    ...days,
    api_key: text,
    user_id: text,
    request_id: text,
    summarize: { type: 'boolean', default: true },
  },
});

export interface CallListQuery extends AskedDays {
  readonly page: number;
  readonly page_size: number;
  readonly api_key?: string;
  readonly user_id?: string;
  readonly request_id?: string;
  readonly team_id?: string;
  readonly min_spend?: number;
  readonly max_spend?: number;
  readonly status_filter?: 'success' | 'failure';
  readonly model?: string;
  readonly model_id?: string;
  readonly key_alias?: string;
  readonly end_user?: string;
  readonly error_code?: string;
  readonly error_message?: string;
  readonly sort_by: (typeof sortableCallColumns)[number];
  readonly sort_order: 'asc' | 'desc';
}

export const readCallListQuery = queryReader<CallListQuery>({
  type: 'object',
  properties: {
    ...days,
    page: pageNumber,
    page_size: pageSize(50),
    api_key: text,
    user_id: text,
    request_id: text,
    team_id: text,
    min_spend: { type: 'number' },
    max_spend: { type: 'number' },
    status_filter: { enum: ['success', 'failure'] },
    model: text,
    model_id: text,
    key_alias: text,
    end_user: text,
    error_code: text,
    error_message: text,
    sort_by: { enum: sortableCallColumns, default: 'startTime' },
    sort_order: { enum: ['asc', 'desc'], default: 'desc' },
  },
});

export const readSessionQuery = queryReader<{ session_id: string }>({
  type: 'object',
  properties: { session_id: text },
  required: ['session_id'],
});

export const readUserQuery = queryReader<{ user_id?: string }>({
  type: 'object',
  properties: { user_id: text },
});

export interface ReportQuery extends AskedDays {
  readonly api_key?: string;
  readonly limit?: number;
  /** Separated by commas. */
  readonly tags?: string;
  readonly model_group?: string;
  readonly group_by: 'team' | 'customer' | 'api_key';
  readonly internal_user_id?: string;
  readonly team_id?: string;
  readonly customer_id?: string;
}

/** What any of the reports may be asked. */
export const readReportQuery = queryReader<ReportQuery>({
  type: 'object',
  properties: {
    ...days,
    api_key: text,
    limit: { type: 'integer', minimum: 1, maximum: 1000 },
    tags: text,
    model_group: text,
    group_by: { enum: ['team', 'customer', 'api_key'], default: 'team' },
    internal_user_id: text,
    team_id: text,
    customer_id: text,
  },
});

export interface EndUsersBody {
  readonly api_key?: string | null;
  readonly startTime?: string | null;
  readonly endTime?: string | null;
}

const textOrNull = { type: ['string', 'null'] } as const;

export const readEndUsersBody = bodyReader<EndUsersBody>({
  type: 'object',
  properties: { api_key: textOrNull, startTime: textOrNull, endTime: textOrNull },
});

export interface ActivityQuery extends AskedDays {
  readonly page: number;
  readonly page_size: number;
  readonly model?: string;
  readonly api_key?: string;
  readonly user_id?: string;
  readonly team_ids?: string;
  readonly exclude_team_ids?: string;
  readonly tags?: string;
  readonly organization_ids?: string;
  readonly exclude_organization_ids?: string;
  readonly end_user_ids?: string;
  readonly exclude_end_user_ids?: string;
  readonly agent_ids?: string;
  readonly exclude_agent_ids?: string;
  /** Minutes between UTC and the caller's clock. */
  readonly timezone?: number;
}

export const readActivityQuery = queryReader<ActivityQuery>({
  type: 'object',
  properties: {
    ...days,
    page: pageNumber,
    page_size: pageSize(10, 1000),
    model: text,
    api_key: text,
    user_id: text,
    team_ids: text,
    exclude_team_ids: text,
    tags: text,
    organization_ids: text,
    exclude_organization_ids: text,
    end_user_ids: text,
    exclude_end_user_ids: text,
    agent_ids: text,
    exclude_agent_ids: text,
    timezone: { type: 'number' },
  },
});

/** The items of a list that commas separate; null for none. */
export function items(list: string | undefined): readonly string[] | null {
  const found = (list ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  return found.length === 0 ? null : found;
}
