import { expect } from 'vitest';
import { MASTER_KEY } from './gateway-process.ts';

/** Sends a management request as the master, which must succeed; its answer. */
export async function manage(
  url: string,
  path: string,
  body: object,
  method: 'POST' | 'PATCH' = 'POST',
): Promise<Record<string, unknown>> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
}
