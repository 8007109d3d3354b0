import { setTimeout as pause } from 'node:timers/promises';
import ipaddr from 'ipaddr.js';
import type { MetadataService } from './machine.ts';
import { askMetadata, type MetadataAnswer } from './metadata-http.ts';
import type { PublicAddress } from './public-address.ts';

const INSTANCE = '/metadata/instance?api-version=2021-02-01';
const LOAD_BALANCER = '/metadata/loadbalancer?api-version=2020-10-01';

/** The service is starting, throttling or in trouble: asking again may help. */
const PASSING = [404, 410, 429];
/** Here 404 is an answer: no load balancer stands before this machine. */
const PASSING_BEHIND_LOAD_BALANCER = [410, 429];

class MetadataError extends Error {
  readonly worthRetrying: boolean;

  constructor(message: string, worthRetrying: boolean, options?: ErrorOptions) {
    super(message, options);
    this.worthRetrying = worthRetrying;
  }
}

/**
 * Asks Azure's instance metadata service for the public IPv4 address: the one of an interface, else the load
 * balancer's. Many set-ups show neither; that is an answer, not an error. Never throws.
 */
export async function readAzurePublicAddress(service: MetadataService): Promise<PublicAddress> {
  const deadline = AbortSignal.timeout(service.overallTimeoutMs);
  const ask = (path: string, passing: readonly number[]): Promise<unknown> =>
    askPatiently(service, path, passing, deadline);
  try {
    const own = firstAddress(interfaceAddresses(await ask(INSTANCE, PASSING)));
    if (own !== undefined) return { kind: 'known', address: own };
    const shared = await ask(LOAD_BALANCER, PASSING_BEHIND_LOAD_BALANCER).then(frontendAddresses, () => []);
    const address = firstAddress(shared);
    return address === undefined
      ? { kind: 'none', note: 'Azure names none; see the portal' }
      : { kind: 'known', address };
  } catch (error) {
    const why = deadline.aborted
      ? `no answer within ${service.overallTimeoutMs / 1000} s`
      : (error as Error).message;
    return { kind: 'unavailable', note: `the metadata service did not tell (${why})` };
  }
}

async function askPatiently(
  service: MetadataService,
  path: string,
  passing: readonly number[],
  deadline: AbortSignal,
): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await askOnce(service, path, passing, deadline);
    } catch (error) {
      const { worthRetrying } = error as MetadataError;
      if (!worthRetrying || attempt >= service.attempts || deadline.aborted) throw error;
    }
    await pause(service.pauseMs, undefined, { signal: deadline });
  }
}

async function askOnce(
  service: MetadataService,
  path: string,
  passing: readonly number[],
  deadline: AbortSignal,
): Promise<unknown> {
  const signal = AbortSignal.any([deadline, AbortSignal.timeout(service.answerTimeoutMs)]);
  let answer: MetadataAnswer;
  try {
    answer = await askMetadata(service, path, { metadata: 'true' }, signal);
  } catch (cause) {
    throw new MetadataError(signal.aborted ? 'no answer in time' : 'not reachable', true, { cause });
  }
  const { status, text } = answer;
  if (status !== 200) throw new MetadataError(`status ${status}`, status >= 500 || passing.includes(status));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MetadataError('the answer is not JSON', true, { cause });
  }
}

/** Only what we use of the answer, at whatever depth something else than expected turns up. */
function members(value: unknown, key: string): unknown[] {
  const found =
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  if (found === undefined) return [];
  return Array.isArray(found) ? found : [found];
}

function follow(value: unknown, ...keys: string[]): unknown[] {
  return keys.reduce<unknown[]>((found, key) => found.flatMap((each) => members(each, key)), [value]);
}

function interfaceAddresses(answer: unknown): unknown[] {
  const addresses = follow(answer, 'network', 'interface', 'ipv4', 'ipAddress');
  if (addresses.length === 0) throw new MetadataError('the answer names no interface', false);
  return addresses.flatMap((address) => members(address, 'publicIpAddress'));
}

function frontendAddresses(answer: unknown): unknown[] {
  return follow(answer, 'loadbalancer', 'publicIpAddresses', 'frontendIpAddress');
}

function firstAddress(candidates: readonly unknown[]): string | undefined {
  return candidates.find(
    (each): each is string => typeof each === 'string' && ipaddr.IPv4.isValidFourPartDecimal(each),
  );
}
