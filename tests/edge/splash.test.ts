/** What clients and browsers get while the gateway does not serve. */
import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ask, open } from '../harness/edge-client.ts';
import { Edge } from '../harness/nginx.ts';
import { Upstream } from '../harness/upstream.ts';

const page = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
let edge: Edge;

beforeAll(async () => {
  edge = await Edge.create();
  return () => edge[Symbol.asyncDispose]();
});

beforeEach(() => {
  edge.ready(false);
});

afterEach(() => {
  edge.failed(false);
});

test('an API client gets 503 in the error envelope and is told when to come again', async () => {
  const answer = await ask(edge, '/v1/chat/completions', { method: 'POST', body: '{}' });
  expect(answer.status).toBe(503);
  expect(answer.headers).toMatchObject({
    'retry-after': '5',
    'cache-control': 'no-store',
    'content-type': 'application/json',
    'x-frame-options': 'DENY',
  });
  expect(JSON.parse(answer.text)).toEqual({
    error: {
      message: 'The gateway is starting or restarting; try again in a few seconds',
      type: 'service_unavailable',
      param: null,
      code: '503',
    },
  });
});

test.each(['/ui', '/ui/sign-in', '/health/readiness'])(
  'a browser at %s gets a page that reloads',
  async (path) => {
    const answer = await ask(edge, path, { headers: page });
    expect(answer.status).toBe(503);
    expect(answer.headers).toMatchObject({
      'retry-after': '5',
      'cache-control': 'no-store',
      'content-type': 'text/html',
      'content-security-policy': expect.stringMatching(/style-src 'sha256-/),
    });
    expect(answer.text).toContain('<meta http-equiv="refresh" content="5">');
    expect(answer.text).toContain('The gateway is starting');
    expect(answer.text).not.toMatch(/src=|href=|nginx/);
  },
);

test('the page is dressed by the one style that its policy names', async () => {
  const { text: html, headers } = await ask(edge, '/ui', { headers: page });
  const style = /<style>(.*?)<\/style>/s.exec(html)?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  expect(headers['content-security-policy']).toContain(`style-src 'sha256-${hash}'`);
});

test('HEAD of a browser has the status of the page and no body', async () => {
  expect(await ask(edge, '/ui', { method: 'HEAD', headers: page })).toMatchObject({ status: 503, text: '' });
});

test('a form that is posted gets JSON, whatever it accepts', async () => {
  const answer = await ask(edge, '/ui/sign-in', { method: 'POST', headers: page, body: 'user=admin' });
  expect(answer.status).toBe(503);
  expect(JSON.parse(answer.text).error.code).toBe('503');
});

test('a failed first boot has another text, without detail', async () => {
  edge.failed(true);
  const html = await ask(edge, '/ui', { headers: page });
  expect(html.status).toBe(503);
  expect(html.text).toContain('The first boot did not complete');
  const json = await ask(edge, '/v1/models');
  expect(json.status).toBe(503);
  expect(JSON.parse(json.text).error.message).toContain('litellm-ctl status');
});

test('a gateway that does not listen is the splash page too', async () => {
  edge.ready(true);
  const answer = await ask(edge, '/v1/models');
  expect(answer.status).toBe(503);
  expect(answer.headers['retry-after']).toBe('5');
});

test('paths that the gateway does not have stay 404', async () => {
  expect((await ask(edge, '/nothing', { headers: page })).status).toBe(404);
});

test('a draining gateway finishes its streams while new calls are sent away', async () => {
  const finish = Promise.withResolvers<void>();
  await using _upstream = await Upstream.start(edge, async (_request, response) => {
    response.write('first ');
    await finish.promise;
    response.end('last');
  });
  const running = await open(edge, '/v1/chat/completions', { method: 'POST', body: '{}' });
  edge.ready(false);
  const refused = await ask(edge, '/v1/chat/completions', { method: 'POST', body: '{}' });
  expect(refused.status).toBe(503);
  expect(refused.headers['retry-after']).toBe('5');
  finish.resolve();
  expect(running.statusCode).toBe(200);
  expect(await text(running)).toBe('first last');
});
