import { GatewayError } from '../../http/errors.ts';
import type { GatewayRequest, Handlers } from '../../http/handler.ts';
import { listAudit, readAudit } from '../../store/audit-list.ts';
import { readAuditQuery } from './audit-requests.ts';
import type { ManagementDeps } from './change.ts';
import { badRequest } from './faults.ts';
import { management } from './management.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const BARE_DAY = /^\d{4}-\d{2}-\d{2}$/;
/** A time that names no zone is in UTC, as the rows are. */
const ZONE = /(?:z|[+-]\d{2}:?\d{2})$/i;

/** The instant that a parameter names; null for none. Throws GatewayError bad_request. */
function instant(param: string, text: string | undefined): Date | null {
  if (text === undefined || text === '') return null;
  const iso = text.replace(' ', 'T');
  const time = new Date(BARE_DAY.test(iso) || ZONE.test(iso) ? iso : `${iso}Z`);
  if (!Number.isNaN(time.getTime())) return time;
  throw badRequest(param, `'${param}' must be a day or a time as in ISO 8601`);
}

/** The first instant that no longer belongs to what ends with `text`: a day belongs to it as a whole. */
function endOf(text: string | undefined): Date | null {
  const end = instant('end_date', text);
  if (end === null) return null;
  return new Date(end.getTime() + (BARE_DAY.test(text as string) ? DAY_MS : 1));
}

async function list({ db }: ManagementDeps, request: GatewayRequest) {
  const query = readAuditQuery(request.query);
  const { page, page_size } = query;
  const found = await listAudit(db, {
    changedBy: query.changed_by ?? null,
    changedByApiKey: query.changed_by_api_key ?? null,
    action: query.action ?? null,
    tableName: query.table_name ?? null,
    objectId: query.object_id ?? null,
    teamId: query.object_team_id ?? null,
    keyHash: query.object_key_hash ?? null,
    from: instant('start_date', query.start_date),
    before: endOf(query.end_date),
    sortBy: query.sort_by,
    sortOrder: query.sort_order,
    limit: page_size,
    offset: (page - 1) * page_size,
  });
  return {
    audit_logs: found.rows,
    total: found.total,
    page,
    page_size,
    total_pages: Math.ceil(found.total / page_size),
  };
}

async function one({ db }: ManagementDeps, request: GatewayRequest) {
  const { id } = request.params as { readonly id: string };
  const row = await readAudit(db, id);
  if (row === undefined) throw new GatewayError('not_found', `There is no row '${id}' in the audit log`);
  return row;
}

/** The handlers of `/audit`. */
export function auditHandlers(deps: ManagementDeps): Pick<Handlers, 'listAudit' | 'auditRow'> {
  return {
    listAudit: management((request) => list(deps, request)),
    auditRow: management((request) => one(deps, request), { errors: 'message' }),
  };
}
