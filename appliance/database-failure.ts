import { type DatabaseTarget, placeOf } from './database-url.ts';

/** Why a database could not be used, and what to do; neither holds a secret. */
export interface DatabaseFailure {
  readonly reason: string;
  readonly remedy: string;
  /** Whether it may go away by itself: the server is late, or the network is. */
  readonly passing: boolean;
}

const UNTRUSTED = [
  // Another authority of the same name.
  'CERT_SIGNATURE_FAILURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];
/** Any other trouble with a certificate or the handshake. */
const TLS_TROUBLE = /^(?:CERT_|ERR_SSL_|ERR_TLS_|ERR_OSSL_|EPROTO$|INVALID_)/;
const OUT_OF_DATE = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'];
/** Codes of the resolver and of sockets, and the classes of SQLSTATE that say "not now". */
const NOT_KNOWN = ['ENOTFOUND', 'EAI_AGAIN'];
const NO_ANSWER = /^E[A-Z]+$|^(?:08|53|57P)/;

/**
 * Tells why `target`, as the variable `name` has it, could not be connected to; undefined when the error is about
 * something else.
 */
export function explainDatabaseFailure(
  name: string,
  target: DatabaseTarget,
  error: unknown,
): DatabaseFailure | undefined {
  const { code = '', message } = error as Error & { code?: string };
  const place = placeOf(target);
  const lasting = (reason: string, remedy: string): DatabaseFailure => ({ reason, remedy, passing: false });
  const passing = (reason: string, remedy: string): DatabaseFailure => ({ reason, remedy, passing: true });
  if (UNTRUSTED.includes(code)) {
    return lasting(
      `the certificate of ${place} is signed by an authority that is not trusted (${code})`,
      `put the authority's certificate into a file that everybody may read, for example /etc/ssl/database-ca.pem, and add &sslrootcert=/etc/ssl/database-ca.pem to ${name}`,
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return lasting(
      `the certificate of ${place} is for another name than '${target.host}'`,
      `write the name that the certificate has into ${name}`,
    );
  }
  if (OUT_OF_DATE.includes(code)) {
    return lasting(
      `the certificate of ${place} is not valid now (${code})`,
      'renew it on the database server, or set the clocks',
    );
  }
  if (message.includes('does not support SSL')) {
    return lasting(`${place} offers no TLS`, "turn on TLS at the database server ('ssl = on')");
  }
  if (code.startsWith('28')) {
    return lasting(
      `${place} refuses the user '${target.user}' (${code})`,
      `correct user and password in ${name}, or the server's rules about who may connect`,
    );
  }
  if (code === '3D000') {
    return lasting(`${place}: there is no such database`, 'create it, or correct its name');
  }
  if (NOT_KNOWN.includes(code)) {
    return passing(`the name '${target.host}' is not known (${code})`, `correct the host in ${name}`);
  }
  if (TLS_TROUBLE.test(code)) {
    return lasting(`TLS with ${place} failed (${code})`, "read the database server's log");
  }
  if (NO_ANSWER.test(code) || /timeout|Connection terminated/.test(message)) {
    return passing(
      `${place} does not answer (${code || message})`,
      'see that the server runs and that its firewall lets this machine in',
    );
  }
  return undefined;
}
