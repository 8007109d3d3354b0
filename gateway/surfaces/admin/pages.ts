import type { FastifyReply } from 'fastify';
import type { RowCount } from '../../store/row-count.ts';
import { badRequest } from './faults.ts';

/** Rows that a list can be leafed through. */
const MOST_ROWS = 100_000;

/** Which page is asked for, in the schema of a query. */
export const pageNumber = { type: 'integer', minimum: 1, maximum: 1_000_000, default: 1 } as const;

/** Of how many rows. */
export const pageSize = (usual: number, most = 100) =>
  ({ type: 'integer', minimum: 1, maximum: most, default: usual }) as const;

export interface AskedPage {
  readonly page: number;
  readonly page_size: number;
}

/** Where a page begins. Throws GatewayError bad_request for one so far behind that everything before it would be read for it. */
export function offsetOf({ page, page_size }: AskedPage): number {
  const offset = (page - 1) * page_size;
  if (offset < MOST_ROWS) return offset;
  throw badRequest(
    'page',
    `A list shows its first ${MOST_ROWS} rows: name an earlier end_date, or a filter, to see what is behind them`,
  );
}

/** The members of a page beside its rows. Whether the total is exact stands in a header. */
export function pageMembers(reply: FastifyReply, { page, page_size }: AskedPage, count: RowCount) {
  reply.header('x-litellm-total', count.estimated ? 'estimated' : 'exact');
  const { total } = count;
  return { total, page, page_size, total_pages: Math.ceil(total / page_size) };
}
