import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { expect, test } from 'vitest';
import { firstIpv4, firstPublicIpv6, firstWord, follow, hostNames, instanceIdIn } from './values.ts';

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['10.0.0.4', '10.0.0.4'],
  ['', undefined],
  ['0.0.0.0', undefined],
  ['127.0.0.1', undefined],
  ['169.254.169.254', undefined],
  ['224.0.0.1', undefined],
  ['203.0.113.7; rm -rf /', undefined],
  ['203.0.113', undefined],
  ['0xcb007107', undefined],
  [3405803783, undefined],
  ['2001:db8::7', undefined],
])('%j is as IPv4 %j', (value, address) => {
  expect(firstIpv4([value])).toBe(address);
});

test.each([
  ['2001:db8::7', '2001:db8::7'],
  ['2001:0DB8:0000:0000:0000:0000:0000:0007', '2001:db8::7'],
  ['2001:db8::7/64', '2001:db8::7'],
  ['fe80::1', undefined],
  ['fe80::1%eth0', undefined],
  ['fd00:ec2::254', undefined],
  ['::1', undefined],
  ['::ffff:203.0.113.7', undefined],
  ['ff02::1', undefined],
  ['203.0.113.7', undefined],
  [7, undefined],
])('%j is as public IPv6 %j', (value, address) => {
  expect(firstPublicIpv6([value])).toBe(address);
});

test('the first that will do is taken', () => {
  expect(firstIpv4(['', null, '203.0.113.7', '203.0.113.8'])).toBe('203.0.113.7');
  expect(firstPublicIpv6(['fe80::1', '2001:db8::7', '2001:db8::8'])).toBe('2001:db8::7');
  expect(firstWord([{}, 'two words', 42, 'later'])).toBe('42');
});

test('names are those that a certificate can carry, each once', () => {
  expect(hostNames('gateway', 'my_machine', 'gateway', '', undefined, '10.0.0.4', 'a.example')).toEqual([
    'gateway',
    'a.example',
  ]);
});

test('a number that JavaScript has rounded is no id', () => {
  expect(() => instanceIdIn([2 ** 53])).toThrow('names no instance');
  expect(instanceIdIn([2 ** 53 - 1])).toBe('9007199254740991');
});

test('follow looks through lists and finds nothing in what is not there', () => {
  const answer = { network: { interface: [{ ip: ['a', 'b'] }, { ip: 'c' }, null, 7, {}] } };
  expect(follow(answer, 'network', 'interface', 'ip')).toEqual(['a', 'b', 'c']);
  expect(follow(answer, 'constructor', 'name')).toEqual([]);
  expect(follow(undefined, 'network')).toEqual([]);
});

test('whatever a service says, nothing else than an address, a name or a word comes of it', () => {
  const anything = fc.oneof(fc.anything(), fc.string(), fc.ipV4(), fc.ipV6(), fc.domain());
  fc.assert(
    fc.property(fc.array(anything), (candidates) => {
      const ipv4 = firstIpv4(candidates);
      expect(ipv4 === undefined || ipaddr.IPv4.isValidFourPartDecimal(ipv4)).toBe(true);
      const ipv6 = firstPublicIpv6(candidates);
      expect(ipv6 === undefined || ipaddr.IPv6.isValid(ipv6)).toBe(true);
      for (const name of hostNames(...candidates)) expect(name).toMatch(/^[A-Za-z0-9.-]{1,253}$/);
      expect(firstWord(candidates) ?? 'none').toMatch(/^[A-Za-z0-9._-]{1,255}$/);
    }),
  );
});

test('every IPv6 address that is read is read the same again, however it was written', () => {
  fc.assert(
    fc.property(fc.ipV6(), (written) => {
      const address = firstPublicIpv6([written]);
      expect(firstPublicIpv6([address])).toBe(address);
      if (address !== undefined)
        expect(ipaddr.parse(address).toNormalizedString()).toBe(ipaddr.parse(written).toNormalizedString());
    }),
  );
});

test('follow never throws, and finds what was put there', () => {
  fc.assert(
    fc.property(fc.anything(), fc.array(fc.string()), (value, keys) => {
      expect(Array.isArray(follow(value, ...keys))).toBe(true);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), fc.string(), (keys, value) => {
      const nested = keys.reduceRight<unknown>(
        (inner, key) => Object.defineProperty({}, key, { value: inner, enumerable: true }),
        value,
      );
      expect(follow(nested, ...keys)).toEqual([value]);
    }),
  );
});
