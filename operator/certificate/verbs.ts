import { domainToASCII } from 'node:url';
import { flag, parsed, UsageError } from '../arguments.ts';
import type { Operator } from '../operator.ts';
import { emailAddress } from './account.ts';
import { attachCertificates } from './attach.ts';
import { installCertificate } from './install.ts';
import { issueCertificate } from './issue.ts';
import { showCertificates } from './show.ts';

/** What the command does, once its arguments are understood. */
export type CertificateAction = (operator: Operator) => Promise<number>;

/** The words that may follow `litellm-ctl certificate` instead of a domain. */
export const certificateVerbs = ['status', 'apply'] as const;

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DOMAIN = new RegExp(`^(?=.{1,253}$)(?:${LABEL}\\.)+(?=[^.]*[a-z])${LABEL}$`);

/** A domain as authorities take it. Throws UsageError. */
export function domain(text: string): string {
  if (text.startsWith('*.')) {
    throw new UsageError(
      `'${text}': a certificate for all names of a domain needs a change to its DNS; get it elsewhere and bring it with --install`,
    );
  }
  const ascii = domainToASCII(text.toLowerCase());
  if (DOMAIN.test(ascii)) return ascii;
  throw new UsageError(
    `'${text}' is no domain name; write the name that leads to this machine, such as gw.example.com`,
  );
}

function directory(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol === 'https:') return url.href;
  throw new UsageError(`--server wants the https URL of an ACME directory, not '${text}'`);
}

/** Does something, then shows what is served. */
function showing(json: boolean, change: (operator: Operator) => Promise<void>): CertificateAction {
  return async (operator) => {
    await change(operator);
    return showCertificates(operator, json);
  };
}

const text = { type: 'string' } as const;
const options = {
  install: flag,
  authority: text,
  email: text,
  'no-email': flag,
  'agree-tos': flag,
  server: text,
  json: flag,
} as const;

type Values = ReturnType<typeof understood>['values'];

function understood(args: readonly string[]) {
  return parsed({ args: [...args], options, allowPositionals: true });
}

/** Throws UsageError for an option that has nothing to do with what is asked for. */
function only(values: Values, subject: string, allowed: readonly (keyof Values)[]): void {
  const names = Object.keys(options) as (keyof Values)[];
  const odd = names.find(
    (name) => values[name] !== undefined && values[name] !== false && !allowed.includes(name),
  );
  if (odd !== undefined) throw new UsageError(`--${odd} has nothing to do with ${subject}`);
}

/** Understands what follows `litellm-ctl certificate`. Throws UsageError. */
export function certificateCommand(args: readonly string[]): CertificateAction {
  const { values, positionals } = understood(args);
  const [first, ...rest] = positionals;
  if (values.install) return install(values, positionals);
  if (first === undefined) {
    throw new UsageError(
      "write 'litellm-ctl certificate DOMAIN', 'certificate --install CERT KEY' or 'certificate status'",
    );
  }
  if (first === 'status' || first === 'apply') {
    only(values, first, ['json']);
    if (rest[0] !== undefined) throw new UsageError(`'${rest[0]}' is a word too many`);
    const show: CertificateAction = (operator) => showCertificates(operator, values.json);
    return first === 'status' ? show : showing(values.json, attachCertificates);
  }
  return issue(values, positionals);
}

function install(values: Values, positionals: readonly string[]): CertificateAction {
  only(values, '--install', ['install', 'authority', 'json']);
  const [certificate, key, ...rest] = positionals;
  if (certificate === undefined || key === undefined || rest.length > 0) {
    throw new UsageError("write 'litellm-ctl certificate --install CERT KEY': two PEM files");
  }
  const { authority } = values;
  const given = { certificate, key, ...(authority === undefined ? {} : { authority }) };
  return showing(values.json, (operator) => installCertificate(operator, given));
}

function issue(values: Values, positionals: readonly string[]): CertificateAction {
  const { email, server, authority } = values;
  if (email !== undefined && values['no-email']) throw new UsageError('say --email or --no-email, not both');
  if (authority !== undefined && server === undefined) {
    throw new UsageError('--authority belongs to the directory that --server names');
  }
  const request = {
    domains: [...new Set(positionals.map(domain))],
    agreesToTerms: values['agree-tos'],
    ...(email === undefined ? {} : { email: emailAddress(email) }),
    ...(values['no-email'] ? { email: null } : {}),
    ...(server === undefined ? {} : { server: directory(server) }),
    ...(authority === undefined ? {} : { authority }),
  };
  return showing(values.json, (operator) => issueCertificate(operator, request));
}
