import { expect, test } from 'vitest';
import { readCapture } from './packets.ts';
import { spokenTo } from './spoken-to.ts';

const MACHINE = '52:54:00:00:02:11';
const ROUTER = '02:00:00:00:00:01';

const SYN = 0x02;
const ACK = 0x10;
const RST = 0x04;

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(/[\s:]/g, ''), 'hex');

/** A capture of these frames as tcpdump writes it. */
function capture(...frames: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt32LE(1, 20);
  const records = frames.map((frame) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(frame.length, 8);
    return Buffer.concat([record, frame]);
  });
  return Buffer.concat([header, ...records]);
}

const fromMachine = (type: string, packet: Buffer): Buffer =>
  Buffer.concat([bytes(`${ROUTER}${MACHINE}${type}`), packet]);
const toMachine = (type: string, packet: Buffer): Buffer =>
  Buffer.concat([bytes(`${MACHINE}${ROUTER}${type}`), packet]);

function ipv4(source: string, target: string, protocol: number, rest: Buffer, fragment = 0): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(fragment, 6);
  header[9] = protocol;
  for (const [at, address] of [source, target].entries())
    Buffer.from(address.split('.').map(Number)).copy(header, 12 + 4 * at);
  return Buffer.concat([header, rest]);
}

function ipv6(source: string, target: string, next: number, rest: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header[0] = 0x60;
  header[6] = next;
  return Buffer.concat([header, bytes(source), bytes(target), rest]);
}

function tcp(sourcePort: number, targetPort: number, flags: number): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(sourcePort, 0);
  header.writeUInt16BE(targetPort, 2);
  header[13] = flags;
  return header;
}

function udp(sourcePort: number, targetPort: number): Buffer {
  return tcp(sourcePort, targetPort, 0).subarray(0, 8);
}

const HOME = '192.0.2.11';
const PROVIDER = '203.0.113.10';
const CLIENT = '198.51.100.10';
const HOME6 = '20010db8000200000000000000000011';
const AWAY6 = '20010db8000300000000000000000010';

const seen = (...frames: readonly Buffer[]): string[] => spokenTo(readCapture(capture(...frames)), MACHINE);

test('who is called by TCP or UDP is named once, with the port', () => {
  const call = fromMachine('0800', ipv4(HOME, PROVIDER, 6, tcp(40_000, 443, SYN)));
  const query = fromMachine('0800', ipv4(HOME, '192.0.2.1', 17, udp(40_001, 53)));
  const again = fromMachine('0800', ipv4(HOME, PROVIDER, 6, tcp(40_002, 443, SYN)));
  expect(seen(call, query, again)).toEqual([`tcp ${PROVIDER} 443`, 'udp 192.0.2.1 53']);
});

test('an answer is no word of its own, whatever the protocol', () => {
  expect(
    seen(
      toMachine('0800', ipv4(CLIENT, HOME, 6, tcp(50_000, 443, SYN))),
      fromMachine('0800', ipv4(HOME, CLIENT, 6, tcp(443, 50_000, SYN | ACK))),
      toMachine('0800', ipv4(CLIENT, HOME, 17, udp(50_000, 443))),
      fromMachine('0800', ipv4(HOME, CLIENT, 17, udp(443, 50_000))),
      toMachine('0800', ipv4(CLIENT, HOME, 6, tcp(50_001, 22, ACK))),
      fromMachine('0800', ipv4(HOME, CLIENT, 6, tcp(22, 50_001, RST))),
    ),
  ).toEqual([]);
});

test('a connection that the machine opens between the ports of an older one is its own', () => {
  expect(
    seen(
      toMachine('0800', ipv4(CLIENT, HOME, 6, tcp(443, 40_000, SYN))),
      fromMachine('0800', ipv4(HOME, CLIENT, 6, tcp(40_000, 443, SYN))),
    ),
  ).toEqual([`tcp ${CLIENT} 443`]);
});

test('IPv6 is read behind its extensions', () => {
  const options = bytes('0600050200000000');
  expect(
    seen(
      fromMachine('86dd', ipv6(HOME6, AWAY6, 6, tcp(40_000, 443, SYN))),
      fromMachine('86dd', ipv6(HOME6, AWAY6, 0, Buffer.concat([options, tcp(40_000, 8443, SYN)]))),
    ),
  ).toEqual(['tcp 2001:db8:3::10 443', 'tcp 2001:db8:3::10 8443']);
});

test('a later fragment is named without the ports that it does not have', () => {
  expect(seen(fromMachine('0800', ipv4(HOME, PROVIDER, 17, Buffer.alloc(64, 7), 0x00b9)))).toEqual([
    `udp ${PROVIDER}`,
  ]);
});

test('neighbours may find each other; an echo request goes elsewhere', () => {
  const kinds = (protocol: number, ...types: readonly number[]): Buffer[] =>
    types.map((type) =>
      protocol === 58
        ? fromMachine('86dd', ipv6(HOME6, AWAY6, 58, Buffer.from([type, 0])))
        : fromMachine('0800', ipv4(HOME, CLIENT, protocol, Buffer.from([type, 0]))),
    );
  expect(
    seen(
      fromMachine('0806', Buffer.alloc(28)),
      ...kinds(2, 0x22),
      ...kinds(58, 133, 135, 136, 143, 1),
      ...kinds(1, 0, 3),
    ),
  ).toEqual([]);
  expect(seen(...kinds(1, 8), ...kinds(58, 128))).toEqual([`icmp ${CLIENT}`, 'icmp6 2001:db8:3::10']);
});

test('a protocol that nobody here speaks is named by its number', () => {
  expect(
    seen(
      fromMachine('88cc', Buffer.alloc(46)),
      fromMachine('0800', ipv4(HOME, PROVIDER, 47, Buffer.alloc(8))),
    ),
  ).toEqual(['ethernet 0x88cc', `ip 47 ${PROVIDER}`]);
});

test('what others say is theirs', () => {
  expect(
    spokenTo(readCapture(capture(toMachine('0800', ipv4(CLIENT, HOME, 17, udp(1, 2))))), MACHINE),
  ).toEqual([]);
});

test('a record that is still being written waits', () => {
  const whole = capture(fromMachine('0800', ipv4(HOME, PROVIDER, 17, udp(1, 53))));
  expect(readCapture(whole)).toHaveLength(1);
  expect(readCapture(whole.subarray(0, whole.length - 1))).toEqual([]);
  expect(readCapture(whole.subarray(0, 30))).toEqual([]);
  expect(readCapture(Buffer.alloc(0))).toEqual([]);
});

test('another kind of file is refused', () => {
  expect(() => readCapture(Buffer.alloc(64, 1))).toThrow('not a capture of Ethernet frames');
});
