import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allow, close, deny, open } from './change.ts';
import { network } from './networks.ts';
import { admits, everyone, type NetworkList } from './state.ts';

const office = '203.0.113.0/24';
const onlyOffice = allow(everyone, [office]);

test.each<[string, NetworkList, string, boolean]>([
  ['everyone at first', everyone, '198.51.100.7', true],
  ['the office once it is allowed', onlyOffice, '203.0.113.9', true],
  ['nobody else then', onlyOffice, '198.51.100.7', false],
  ['no IPv6 by an IPv4 network', onlyOffice, '2001:db8::1', false],
  ['one desk of the office that is denied', deny(onlyOffice, ['203.0.113.9/32']), '203.0.113.9', false],
  ['one desk of a denied office', allow(deny(everyone, [office]), ['203.0.113.9/32']), '203.0.113.9', true],
  ['nobody when the only one allowed is denied', deny(onlyOffice, [office]), '203.0.113.9', false],
  ['nobody when it is closed', close(everyone), '198.51.100.7', false],
  ['everyone when it is open again', open(), '198.51.100.7', true],
])('a list lets in %s', (_who, list, address, expected) => {
  expect(admits(list, address)).toBe(expected);
});

test('a network is never on both lists, however it got there', () => {
  const networks = fc.constantFrom('203.0.113.0/24', '203.0.113.9/32', '2001:db8::/32');
  const steps = fc.array(fc.tuple(fc.constantFrom(allow, deny), networks));
  fc.assert(
    fc.property(steps, (changes) => {
      const { allowed, denied } = changes.reduce((list, [change, one]) => change(list, [one]), everyone);
      expect(allowed.filter((each) => denied.includes(each))).toEqual([]);
    }),
  );
});

test('a network is written one way, and reading what was written changes nothing', () => {
  expect(network('198.51.100.7/24')).toBe('198.51.100.0/24');
  expect(network('2001:DB8::0:1/64')).toBe('2001:db8::/64');
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat({ max: 32 }), (address, length) => {
      fc.pre(
        !/^(0{1,4}:){5}ffff:|^::ffff:/i.test(address) && !address.includes('.') === address.includes(':'),
      );
      const once = network(`${address}/${length}`);
      expect(network(once)).toBe(once);
    }),
  );
});
