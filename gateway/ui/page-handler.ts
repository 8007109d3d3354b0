import type { FastifyReply } from 'fastify';
import { GatewayError } from '../http/errors.ts';
import type { GatewayRequest } from '../http/handler.ts';
import { PageError } from './page-error.ts';
import { renderPage } from './pages.ts';

const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

type PageHandler = (request: GatewayRequest, reply: FastifyReply) => Promise<FastifyReply>;

/** Answers with a page. */
export function sendPage(reply: FastifyReply, status: number, html: string): FastifyReply {
  return reply.code(status).headers(pageHeaders).send(html);
}

/** Sends the browser on after a form, with a GET. */
export function redirect(reply: FastifyReply, path: '/ui' | '/ui/sign-in' | '/ui/password'): FastifyReply {
  return reply.header('cache-control', 'no-store').redirect(path, 303);
}

function asPageError(error: unknown): PageError | undefined {
  if (error instanceof PageError) return error;
  if (!(error instanceof GatewayError)) return undefined;
  const title = error.status === 503 ? 'Not available at the moment' : 'This did not work';
  return new PageError(error.status, title, error.message);
}

/** Wraps a handler of the UI: its failures become pages instead of the API's JSON. */
export function pageHandler(work: PageHandler): PageHandler {
  return async (request, reply) => {
    try {
      return await work(request, reply);
    } catch (error) {
      const failure = asPageError(error);
      if (failure === undefined) throw error;
      if (error instanceof GatewayError) {
        request.log.warn({ err: error }, 'a page of the admin UI failed');
        reply.headers(error.headers);
      }
      const values = { title: failure.title, signOut: null, text: failure.message };
      return sendPage(reply, failure.status, renderPage('error.hbs', values));
    }
  };
}
