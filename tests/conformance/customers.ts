import { MESSAGES } from '../harness/chat.ts';
import { envelope, like, section, some, text, unprocessable } from './row.ts';

const customer = (root: string) =>
  section('3.5', [
    [
      'a customer has a budget of its own',
      `POST /${root}/new`,
      { body: { user_id: `${root}-carl`, alias: 'Carl', max_budget: 3, budget_duration: '30d' } },
      200,
      {
        user_id: `${root}-carl`,
        alias: 'Carl',
        spend: 0,
        blocked: false,
        litellm_budget_table: { max_budget: 3, budget_duration: '30d' },
      },
    ],
    [
      'a customer is made once',
      `POST /${root}/new`,
      { body: { user_id: `${root}-carl` } },
      400,
      envelope(400, 'bad_request', 'user_id'),
    ],
    [
      'a budget is either named or described',
      `POST /${root}/new`,
      { body: { user_id: 'both', max_budget: 1, budget_id: 'small' } },
      422,
      unprocessable,
    ],
    ['a customer has an id', `POST /${root}/new`, { body: {} }, 422, unprocessable],
    [
      'a customer with its budget',
      `GET /${root}/info?end_user_id=${root}-carl`,
      {},
      200,
      { user_id: `${root}-carl`, litellm_budget_table: { max_budget: 3 } },
    ],
    [
      'an unknown customer',
      `GET /${root}/info?end_user_id=nobody`,
      {},
      404,
      envelope(404, 'not_found', 'end_user_id'),
    ],
    [
      'an update changes the budget, and 0 asks for nothing',
      `POST /${root}/update`,
      { body: { user_id: `${root}-carl`, max_budget: 4, rpm_limit: 0 } },
      200,
      { litellm_budget_table: { max_budget: 4, rpm_limit: null }, object_permission: null },
    ],
    [
      'an unknown customer is not updated',
      `POST /${root}/update`,
      { body: { user_id: 'nobody', alias: 'x' } },
      404,
      envelope(404, 'not_found', 'user_id'),
    ],
    ['all customers', `GET /${root}/list`, {}, 200, some(like({ user_id: `${root}-carl` }))],
    [
      'a block makes a customer that is not there',
      `POST /${root}/block`,
      { body: { user_ids: [`${root}-cora`] } },
      200,
      { blocked_users: [{ user_id: `${root}-cora`, blocked: true }] },
    ],
    [
      'the block is lifted',
      `POST /${root}/unblock`,
      { body: { user_ids: [`${root}-cora`] } },
      200,
      { blocked_users: [{ user_id: `${root}-cora`, blocked: false }] },
    ],
    [
      'one unknown customer, and none is deleted',
      `POST /${root}/delete`,
      { body: { user_ids: [`${root}-carl`, 'nobody'] } },
      404,
      envelope(404, 'not_found', 'user_ids'),
    ],
    [
      'customers are deleted',
      `POST /${root}/delete`,
      { body: { user_ids: [`${root}-carl`, `${root}-cora`] } },
      200,
      { deleted_customers: 2, message: text },
    ],
  ]);

const call = { model: 'one', messages: MESSAGES, max_tokens: 4 };

export const customers = [
  ...customer('customer'),
  ...customer('end_user'),
  ...section('2.4', [
    ['a customer who is blocked', 'POST /customer/block', { body: { user_ids: ['conformance-eve'] } }, 200],
    [
      'is refused when a call names him',
      'POST /v1/chat/completions',
      { body: { ...call, user: 'conformance-eve' } },
      401,
      envelope(401, 'auth_error', 'None'),
    ],
    [
      'and when a header does',
      'POST /v1/chat/completions',
      { body: call, headers: { 'x-litellm-end-user-id': 'conformance-eve' } },
      401,
      envelope(401, 'auth_error', 'None'),
    ],
  ]),
];
