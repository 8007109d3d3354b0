import { UsageError } from '../arguments.ts';
import type { Operator } from '../operator.ts';
import { DEFAULT_SERVER } from './certbot.ts';
import { hasAccount } from './lineages.ts';

/** What an authority wants to know of whoever comes for the first time. */
export interface Consent {
  /** undefined: not said; null: none on purpose. */
  readonly email?: string | null;
  readonly agreesToTerms: boolean;
  readonly server?: string;
}

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** An e-mail address as authorities take it. Throws UsageError. */
export function emailAddress(text: string): string {
  if (EMAIL.test(text)) return text;
  throw new UsageError(`'${text}' is no e-mail address`);
}

/**
 * certbot's options for the account. What has not been said is asked for at a terminal; elsewhere it is a UsageError.
 * Nobody is asked who has an account already.
 */
export async function accountOptions(operator: Operator, consent: Consent): Promise<string[]> {
  const server = new URL(consent.server ?? DEFAULT_SERVER);
  if (hasAccount(operator.machine.fs, server)) return [];
  const email = consent.email === undefined ? await askForEmail(operator) : consent.email;
  if (!consent.agreesToTerms) await askForAgreement(operator, server);
  const contact = email === null ? ['--register-unsafely-without-email'] : ['--email', email];
  return ['--agree-tos', '--no-eff-email', ...contact];
}

async function askForEmail(operator: Operator): Promise<string | null> {
  const answer = await operator.ask('E-mail address for notices of the authority (empty: none): ');
  if (answer === undefined) throw new UsageError('say --email ADDRESS, or --no-email');
  return answer === '' ? null : emailAddress(answer);
}

async function askForAgreement(operator: Operator, server: URL): Promise<void> {
  const terms = server.href === DEFAULT_SERVER ? 'https://letsencrypt.org/repository/' : `see ${server.href}`;
  const answer = await operator.ask(
    `Do you agree to the terms of service of ${server.host} (${terms})? [y/N] `,
  );
  if (/^y(es)?$/i.test(answer ?? '')) return;
  throw new UsageError(`who agrees to the terms of service of ${server.host} says --agree-tos`);
}
