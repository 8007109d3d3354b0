import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * `__Host-` binds a cookie to this host, to HTTPS and to the path `/`; browsers count http://localhost as secure, so
 * development needs no exception.
 */
export const SESSION_COOKIE = '__Host-litellm_session';
/** Binds the sign-in form to the browser that fetched it, before there is a session. */
export const FORM_COOKIE = '__Host-litellm_form';

const attributes = { path: '/', httpOnly: true, secure: true, sameSite: 'strict' } as const;
const SECRET = /^[\w-]{43}$/;

export function setCookie(reply: FastifyReply, name: string, secret: string): void {
  reply.setCookie(name, secret, attributes);
}

export function clearCookie(reply: FastifyReply, name: string): void {
  reply.clearCookie(name, attributes);
}

/** The secret in a cookie of ours; null for anything that we did not write. */
export function readCookie(request: FastifyRequest, name: string): string | null {
  const value = request.cookies[name];
  return value !== undefined && SECRET.test(value) ? value : null;
}

export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** The token that proves that a form came from a page of ours: derived from the cookie's secret, which it does not tell. */
export function csrfToken(secret: string): string {
  return createHmac('sha256', secret).update('form').digest('base64url');
}

export function isCsrfToken(token: string, secret: string): boolean {
  const [given, expected] = [Buffer.from(token), Buffer.from(csrfToken(secret))];
  return given.length === expected.length && timingSafeEqual(given, expected);
}
