import type { FastifyReply } from 'fastify';
import type { Pool } from 'pg';
import { markedAs } from '../http/auth-failure.ts';
import { GatewayError } from '../http/errors.ts';
import type { GatewayRequest, Handlers } from '../http/handler.ts';
import { AdminAccount } from '../identity/admin-account.ts';
import { ADMIN_USER_ID } from '../identity/identity.ts';
import { PasswordHasher } from '../identity/password.ts';
import { SignInLimit } from '../identity/sign-in-limit.ts';
import { type UiSession, UiSessions } from '../identity/ui-session.ts';
import type { Refusals } from '../observe/refusals.ts';
import type { Audit } from '../store/audit-log.ts';
import { readDatabaseState } from '../store/database-state.ts';
import {
  clearCookie,
  csrfToken,
  FORM_COOKIE,
  newSecret,
  readCookie,
  SESSION_COOKIE,
  setCookie,
} from './cookies.ts';
import { readForm } from './form.ts';
import { type GatewayState, nextSteps, providerLines, stateFacts } from './home.ts';
import { pageHandler, redirect, sendPage } from './page-handler.ts';
import { renderPage, type SignOut, stylesheet } from './pages.ts';

export interface UiHandlerDeps {
  readonly db: Pool;
  readonly audit: Audit;
  readonly refusals: Pick<Refusals, 'note'>;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** Name of the built-in admin (`UI_USERNAME`). */
  readonly userName: string;
  /** Opens the account until the admin has chosen a password (`UI_PASSWORD`). */
  readonly initialPassword: string | undefined;
  readonly state: () => GatewayState;
  /** Hashes passwords; by default at the full cost. */
  readonly hasher?: PasswordHasher;
}

type UiRoutes = Pick<
  Handlers,
  'uiHome' | 'uiSignInForm' | 'uiSignIn' | 'uiPasswordForm' | 'uiPassword' | 'uiSignOut' | 'uiStylesheet'
>;

const SIGN_IN_REFUSED = 'a sign-in at the admin UI was refused';
const WRONG = 'The user name or the password is wrong.';

function tooMany(reply: FastifyReply, seconds: number): string {
  reply.header('retry-after', String(seconds));
  const wait = seconds < 60 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
  return `Too many attempts. Try again in ${wait}.`;
}

/** The pages of the admin UI. Each handler reads the session, checks its form, acts and answers. */
class Ui {
  readonly #deps: UiHandlerDeps;
  readonly #account: AdminAccount;
  readonly #sessions: UiSessions;
  readonly #limit: SignInLimit;

  constructor(deps: UiHandlerDeps) {
    this.#deps = deps;
    this.#account = new AdminAccount({ hasher: new PasswordHasher(), ...deps });
    this.#sessions = new UiSessions(deps);
    this.#limit = new SignInLimit(deps.db, deps.clock);
  }

  async #session(request: GatewayRequest): Promise<UiSession | null> {
    const token = readCookie(request, SESSION_COOKIE);
    if (token === null) return null;
    // A reset of the password ends sessions, and must have done so before one is believed.
    await this.#account.ready();
    return this.#sessions.find(token);
  }

  async home(request: GatewayRequest, reply: FastifyReply): Promise<FastifyReply> {
    const session = await this.#session(request);
    if (session === null) return redirect(reply, '/ui/sign-in');
    if (session.mustChangePassword) return redirect(reply, '/ui/password');
    const state = this.#deps.state();
    const database = await readDatabaseState(this.#deps.db);
    const html = renderPage('home.hbs', {
      title: 'State of the machine',
      signOut: { csrf: csrfToken(session.token) },
      facts: stateFacts(state, database, this.#deps.clock()),
      providers: providerLines(state.models),
      steps: nextSteps(state, database, request),
    });
    return sendPage(reply, 200, html);
  }

  #signInPage(
    request: GatewayRequest,
    reply: FastifyReply,
    status: number,
    fault: string | null,
  ): FastifyReply {
    const secret = readCookie(request, FORM_COOKIE) ?? newSecret();
    setCookie(reply, FORM_COOKIE, secret);
    const html = renderPage('sign-in.hbs', {
      title: 'Sign in',
      signOut: null,
      csrf: csrfToken(secret),
      fault,
    });
    return sendPage(reply, status, html);
  }

  async signInForm(request: GatewayRequest, reply: FastifyReply): Promise<FastifyReply> {
    if ((await this.#session(request)) !== null) return redirect(reply, '/ui');
    return this.#signInPage(request, reply, 200, null);
  }

  async #open(request: GatewayRequest, reply: FastifyReply, mustChangePassword: boolean): Promise<void> {
    const session = await this.#sessions.open(ADMIN_USER_ID, mustChangePassword, request.ip);
    setCookie(reply, SESSION_COOKIE, session.token);
    clearCookie(reply, FORM_COOKIE);
  }

  async signIn(request: GatewayRequest, reply: FastifyReply): Promise<FastifyReply> {
    const form = readForm(request, readCookie(request, FORM_COOKIE));
    const seconds = await this.#limit.attempt(request.ip);
    if (seconds !== null) {
      return this.#signInPage(request, reply, 429, tooMany(reply, seconds));
    }
    const outcome = await this.#account.signIn(form.get('user') ?? '', form.get('password') ?? '');
    if (outcome === 'refused') {
      const { id, ip, log } = request;
      log.warn({ ip }, SIGN_IN_REFUSED);
      // A header of this request would be no key that somebody tried.
      const refused = { id, ip, route: '/ui/sign-in', headers: {}, identity: null };
      this.#deps.refusals.note(refused, new GatewayError('sign_in_refused', SIGN_IN_REFUSED));
      reply.headers(markedAs('sign-in'));
      return this.#signInPage(request, reply, 401, WRONG);
    }
    await this.#limit.succeeded(request.ip);
    // Whatever session this browser had is not carried over.
    const previous = readCookie(request, SESSION_COOKIE);
    if (previous !== null) await this.#sessions.close(previous);
    const pending = outcome === 'must_change_password';
    await this.#open(request, reply, pending);
    request.log.info({ ip: request.ip, pending }, 'signed in at the admin UI');
    return redirect(reply, pending ? '/ui/password' : '/ui');
  }

  #passwordPage(reply: FastifyReply, session: UiSession, status: number, fault: string | null): FastifyReply {
    const csrf = csrfToken(session.token);
    const signOut: SignOut = session.mustChangePassword ? null : { csrf };
    const html = renderPage('password.hbs', {
      title: session.mustChangePassword ? 'Choose a new password' : 'Change password',
      signOut,
      csrf,
      forced: session.mustChangePassword,
      fault,
      userName: this.#deps.userName,
    });
    return sendPage(reply, status, html);
  }

  async passwordForm(request: GatewayRequest, reply: FastifyReply): Promise<FastifyReply> {
    const session = await this.#session(request);
    if (session === null) return redirect(reply, '/ui/sign-in');
    return this.#passwordPage(reply, session, 200, null);
  }

  /** What speaks against the current password, given by somebody who is signed in already; null when it is right. */
  async #currentFault(request: GatewayRequest, reply: FastifyReply, current: string): Promise<string | null> {
    const seconds = await this.#limit.attempt(request.ip);
    if (seconds !== null) return tooMany(reply, seconds);
    const outcome = await this.#account.signIn(this.#deps.userName, current);
    if (outcome === 'refused') return 'The current password is wrong.';
    await this.#limit.succeeded(request.ip);
    return null;
  }

  async password(request: GatewayRequest, reply: FastifyReply): Promise<FastifyReply> {
    const session = await this.#session(request);
    if (session === null) return redirect(reply, '/ui/sign-in');
    const form = readForm(request, session.token);
    const chosen = form.get('password') ?? '';
    const fault =
      this.#account.fault(chosen, form.get('repeated') ?? '') ??
      (session.mustChangePassword
        ? null
        : await this.#currentFault(request, reply, form.get('current') ?? ''));
    if (fault !== null) return this.#passwordPage(reply, session, 422, fault);
    const changed = await this.#account.changePassword(chosen, session.mustChangePassword);
    if (!changed) {
      return this.#passwordPage(reply, session, 409, 'The password was changed elsewhere; sign in again.');
    }
    await this.#open(request, reply, false);
    request.log.info({ ip: request.ip }, 'the admin password was changed');
    return redirect(reply, '/ui');
  }

  async signOut(request: GatewayRequest, reply: FastifyReply): Promise<FastifyReply> {
    const token = readCookie(request, SESSION_COOKIE);
    if (token !== null) {
      readForm(request, token);
      await this.#sessions.close(token);
      clearCookie(reply, SESSION_COOKIE);
    }
    return redirect(reply, '/ui/sign-in');
  }
}

/** The handlers of `/ui`. */
export function uiHandlers(deps: UiHandlerDeps): UiRoutes {
  const ui = new Ui(deps);
  return {
    uiHome: pageHandler((request, reply) => ui.home(request, reply)),
    uiSignInForm: pageHandler((request, reply) => ui.signInForm(request, reply)),
    uiSignIn: pageHandler((request, reply) => ui.signIn(request, reply)),
    uiPasswordForm: pageHandler((request, reply) => ui.passwordForm(request, reply)),
    uiPassword: pageHandler((request, reply) => ui.password(request, reply)),
    uiSignOut: pageHandler((request, reply) => ui.signOut(request, reply)),
    uiStylesheet: (_request, reply) =>
      reply
        .headers({
          'content-type': 'text/css; charset=utf-8',
          'cache-control': 'public, max-age=300',
          'x-content-type-options': 'nosniff',
        })
        .send(stylesheet),
  };
}
