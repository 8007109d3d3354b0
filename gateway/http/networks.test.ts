import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MACHINE_ITSELF, Networks, readNetwork } from './networks.ts';

const networks = (...texts: readonly string[]) =>
  new Networks(texts.map((text) => readNetwork(text)).filter((network) => network !== null));

describe('a network is read', () => {
  test.each([
    ['198.51.100.7', { address: '198.51.100.7', prefix: 32, family: 'ipv4' }],
    [' 10.0.0.0/8 ', { address: '10.0.0.0', prefix: 8, family: 'ipv4' }],
    ['2001:db8::7', { address: '2001:db8::7', prefix: 128, family: 'ipv6' }],
    ['2001:db8::/32', { address: '2001:db8::', prefix: 32, family: 'ipv6' }],
  ])('from %s', (text, network) => expect(readNetwork(text)).toEqual(network));

  test.each([
    '',
    'example.com',
    '10.0.0.0/33',
    '2001:db8::/129',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0',
    'fe80::1%eth0',
  ])('not from %j', (text) => expect(readNetwork(text)).toBeNull());
});

/** Addresses as numbers, and how they are written. */
const families = [
  {
    bits: 32,
    write: (value: bigint) => [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.'),
  },
  {
    bits: 128,
    write: (value: bigint) =>
      [7n, 6n, 5n, 4n, 3n, 2n, 1n, 0n]
        .map((word) => ((value >> (word * 16n)) & 0xffffn).toString(16))
        .join(':'),
  },
] as const;

test.each(families)(
  'an address of $bits bits is in a network when it shares its leading bits',
  ({ bits, write }) => {
    const address = fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });
    fc.assert(
      fc.property(address, fc.nat(bits), fc.nat(bits), address, (base, prefix, flipped, other) => {
        const text = `${write(base)}/${prefix}`;
        // Neighbours at the edge of the network are what a random address never is.
        const near = flipped === bits ? base : base ^ (1n << BigInt(flipped));
        for (const candidate of [near, other]) {
          const shares = (candidate ^ base) >> BigInt(bits - prefix) === 0n;
          expect(networks(text).include(write(candidate))).toBe(shares);
        }
      }),
    );
  },
);

test('an address of IPv4 is the same over a socket of both families', () => {
  const allowed = networks('10.0.0.0/8');
  expect(allowed.include('::ffff:10.1.2.3')).toBe(true);
  expect(allowed.include('::ffff:11.1.2.3')).toBe(false);
});

test('what is no address is in no network', () => {
  for (const text of ['', 'unknown', '10.0.0.1:443', 'a closed connection']) {
    expect(networks('0.0.0.0/0', '::/0').include(text)).toBe(false);
  }
});

test('the machine itself is its loopback', () => {
  const machine = new Networks(MACHINE_ITSELF);
  const inside = ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '10.0.0.1', '::2', '128.0.0.1'];
  expect(inside.filter((address) => machine.include(address))).toEqual(inside.slice(0, 4));
});
