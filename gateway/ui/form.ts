import type { GatewayRequest } from '../http/handler.ts';
import { isCsrfToken } from './cookies.ts';
import { PageError } from './page-error.ts';

const LARGEST_FORM_BYTES = 16 * 1024;

function header(request: GatewayRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** Whether the browser says that a page of this origin sent the form; without any such word the token alone decides. */
function isSameOrigin(request: GatewayRequest): boolean {
  const site = header(request, 'sec-fetch-site');
  if (site !== undefined) return site === 'same-origin';
  const origin = header(request, 'origin');
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === request.host;
}

/**
 * The fields of a submitted form. Throws PageError unless it came from a page of ours in this browser: from the same
 * origin, with the token that belongs to the cookie's secret.
 */
export function readForm(request: GatewayRequest, secret: string | null): URLSearchParams {
  const type = header(request, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') {
    throw new PageError(415, 'This form cannot be read', 'Send it as application/x-www-form-urlencoded.');
  }
  const body = request.body ?? Buffer.alloc(0);
  if (body.length > LARGEST_FORM_BYTES) {
    throw new PageError(413, 'This form is too large', 'Use a shorter text.');
  }
  const form = new URLSearchParams(body.toString('utf8'));
  if (!isSameOrigin(request) || secret === null || !isCsrfToken(form.get('csrf') ?? '', secret)) {
    throw new PageError(
      403,
      'This form is no longer valid',
      'It was opened too long ago, in another browser, or by another site. Go back and fill it in again.',
    );
  }
  return form;
}
