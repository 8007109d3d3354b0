import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseEgressFile } from './egress-file.ts';
import { OperatorError } from './operator.ts';

const parse = (text: string) => parseEgressFile(text, '/etc/egress.conf');

test.each([
  ['allow 10.0.0.0/8', { family: 'ipv4', range: '10.0.0.0/8' }],
  ['allow 10.1.2.3:3128', { family: 'ipv4', range: '10.1.2.3/32', port: 3128 }],
  ['allow 10.0.0.0/8:8443', { family: 'ipv4', range: '10.0.0.0/8', port: 8443 }],
  ['  allow\t127.0.0.1:6379  # cache', { family: 'ipv4', range: '127.0.0.1/32', port: 6379 }],
  ['allow fd12::/16', { family: 'ipv6', range: 'fd12::/16' }],
  ['allow fd12::1', { family: 'ipv6', range: 'fd12::1/128' }],
  ['allow [fd12::1]:443', { family: 'ipv6', range: 'fd12::1/128', port: 443 }],
  ['allow [FD12::/16]:443', { family: 'ipv6', range: 'fd12::/16', port: 443 }],
  ['allow 0.0.0.0/0', { family: 'ipv4', range: '0.0.0.0/0' }],
])('%s is understood', (line, destination) => {
  expect(parse(line)).toEqual([destination]);
});

test('comments and empty lines allow nothing', () => {
  expect(parse('# allow 10.0.0.0/8\n\n   \n')).toEqual([]);
});

test.each([
  ['10.0.0.0/8', "line 1: '10.0.0.0/8' is not understood; write 'allow 10.0.0.0/8'"],
  ['deny 10.0.0.0/8', 'is not understood'],
  ['allow proxy.internal:3128', 'addresses and no names'],
  ['allow 10.0.0.0/8 443', 'is not understood'],
  ['allow 10.0.0.0/8:', 'is not understood'],
  ['allow 10.0.0/8', "'10.0.0/8' is not an address"],
  ['allow 256.0.0.1', "'256.0.0.1' is not an address"],
  ['allow 10.0.0.0/33', 'write a prefix of at most /32'],
  ['allow [fd12::/129]:443', 'write a prefix of at most /128'],
  ['allow 10.1.2.3/8', 'write 10.0.0.0/8, or 10.1.2.3 for the one address'],
  ['allow 10.1.2.3:0', 'write a number from 1 to 65535'],
  ['allow 10.1.2.3:65536', 'write a number from 1 to 65535'],
  ['allow ::ffff:10.1.2.3', 'write 10.1.2.3'],
  ['allow 169.254.169.254:80', 'never reaches; remove the line'],
  ['allow 169.254.0.0/16', 'never reaches; remove the line'],
  ['allow 168.63.129.16', 'never reaches; remove the line'],
  ['allow fd00:ec2::254', 'never reaches; remove the line'],
  ['allow fe80::/64', 'never reaches; remove the line'],
])('%s is refused with what would be right', (line, message) => {
  expect(() => parse(line)).toThrow(OperatorError);
  expect(() => parse(line)).toThrow(message);
});

test('every wrong line is named, by its number', () => {
  expect(() => parse('allow nobody\nallow 10.1.2.3\n\nallow 10.1.2.3/8\n')).toThrow(/line 1: .*\n.*line 4: /);
});

test('what the shipped file shows as examples is understood', () => {
  const shipped = readFileSync(new URL('../packer/files/egress.conf', import.meta.url), 'utf8');
  const examples = [...shipped.matchAll(/^#\s+(allow \S+)/gm)].map((match) => match[1]);
  expect(examples.length).toBeGreaterThan(3);
  expect(parse(examples.join('\n'))).toHaveLength(examples.length);
});
