import { like, number, section, some, text, time } from './row.ts';

export const audit = section('5.5', [
  [
    'changes are listed, the newest first',
    'GET /audit?page_size=1',
    { keep: { entry: 'audit_logs.0.id' } },
    200,
    {
      audit_logs: some(
        like({
          id: text,
          updated_at: time,
          changed_by: text,
          action: text,
          table_name: text,
          object_id: text,
        }),
      ),
      total: number,
      page: 1,
      page_size: 1,
      total_pages: number,
    },
  ],
  ['one change', 'GET /audit/<entry>', {}, 200, { id: text, action: text }],
  ['a change that was none', 'GET /audit/nothing', {}, 404, { detail: { message: text } }],
]);
