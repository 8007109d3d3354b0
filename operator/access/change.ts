import { UsageError } from '../arguments.ts';
import { isLoopback, network } from './networks.ts';
import { everyone, type NetworkList } from './state.ts';

function sortedUnique(networks: readonly string[]): string[] {
  return [...new Set(networks)].sort();
}

function without(networks: readonly string[], gone: readonly string[]): string[] {
  return networks.filter((each) => !gone.includes(each));
}

/** Networks as they are stored. Throws UsageError for one that is none, and for none at all. */
export function networksOf(texts: readonly string[]): string[] {
  if (texts.length === 0) throw new UsageError('name at least one address or network');
  return texts.map(network);
}

/** The same for a list, on which loopback has no place. */
export function callersOf(texts: readonly string[]): string[] {
  const networks = networksOf(texts);
  if (networks.some(isLoopback)) {
    throw new UsageError('this machine itself may always call: it is the way in through an SSH tunnel');
  }
  return networks;
}

/** Lets networks in; from the first one on nobody else is. */
export function allow(list: NetworkList, networks: readonly string[]): NetworkList {
  return {
    others: 'refused',
    allowed: sortedUnique([...list.allowed, ...networks]),
    denied: without(list.denied, networks),
  };
}

/** Keeps networks out; whether others are let in stays as it was. */
export function deny(list: NetworkList, networks: readonly string[]): NetworkList {
  return {
    others: list.others,
    allowed: without(list.allowed, networks),
    denied: sortedUnique([...list.denied, ...networks]),
  };
}

/** Lets everyone in and forgets both lists. */
export function open(): NetworkList {
  return everyone;
}

/** Lets nobody in but this machine, and who was allowed by name. */
export function close(list: NetworkList): NetworkList {
  return { ...list, others: 'refused' };
}

/** Believes more proxies. Throws UsageError for one that is everybody. */
export function trust(proxies: readonly string[], networks: readonly string[]): string[] {
  const all = networks.find((each) => each.endsWith('/0'));
  if (all !== undefined) {
    throw new UsageError(`${all} is everybody: each client could then claim any address`);
  }
  return sortedUnique([...proxies, ...networks]);
}

/** Believes these proxies no more. */
export function distrust(proxies: readonly string[], networks: readonly string[]): string[] {
  return without(proxies, networks);
}
