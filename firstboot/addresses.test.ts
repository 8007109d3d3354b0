import type { NetworkInterfaceInfo } from 'node:os';
import { expect, test } from 'vitest';
import { linkLocalInterfaces, reachableAddresses, urlHost } from './addresses.ts';

function info(address: string, internal = false): NetworkInterfaceInfo {
  const common = { address, internal, netmask: '', mac: '', cidr: null };
  return address.includes(':') ? { ...common, family: 'IPv6', scopeid: 0 } : { ...common, family: 'IPv4' };
}

test('loopback and link-local addresses reach nobody', () => {
  const interfaces = {
    lo: [info('127.0.0.1', true), info('::1', true)],
    eth0: [info('fe80::1'), info('2001:db8::7'), info('10.0.0.4')],
    eth1: [info('169.254.7.7'), info('10.0.0.4')],
    eth2: undefined,
  };
  expect(reachableAddresses(interfaces)).toEqual(['10.0.0.4', '2001:db8::7']);
});

test('an IPv6 address stands in brackets in a URL', () => {
  expect(urlHost('2001:db8::7')).toBe('[2001:db8::7]');
  expect(urlHost('10.0.0.4')).toBe('10.0.0.4');
  expect(urlHost('gateway-1')).toBe('gateway-1');
});

test('a link-local address of IPv6 is reached on the interfaces that have one', () => {
  const interfaces = {
    lo: [info('127.0.0.1', true), info('::1', true)],
    eth0: [info('10.0.0.4'), info('fe80::1')],
    eth1: [info('169.254.7.7'), info('2001:db8::7')],
    eth2: undefined,
  };
  expect(linkLocalInterfaces(interfaces)).toEqual(['eth0']);
});
