import { sortableAuditColumns } from '../../store/audit-list.ts';
import { pageNumber, pageSize } from './pages.ts';
import { queryReader } from './validation.ts';

export interface AuditListQuery {
  readonly page: number;
  readonly page_size: number;
  readonly changed_by?: string;
  readonly changed_by_api_key?: string;
  readonly action?: string;
  readonly table_name?: string;
  readonly object_id?: string;
  readonly start_date?: string;
  readonly end_date?: string;
  readonly object_team_id?: string;
  readonly object_key_hash?: string;
  readonly sort_by: (typeof sortableAuditColumns)[number];
  readonly sort_order: 'asc' | 'desc';
}

const text = { type: 'string' } as const;

export const readAuditQuery = queryReader<AuditListQuery>({
  type: 'object',
  properties: {
    page: pageNumber,
    page_size: pageSize(10),
    changed_by: text,
    changed_by_api_key: text,
    action: text,
    table_name: text,
    object_id: text,
    start_date: text,
    end_date: text,
    object_team_id: text,
    object_key_hash: text,
    sort_by: { enum: sortableAuditColumns, default: 'updated_at' },
    sort_order: { enum: ['asc', 'desc'], default: 'desc' },
  },
});
