import { expect, test } from 'vitest';
import { type Place, whereabouts } from './whereabouts.ts';

const place: Place = {
  hostName: 'gateway-1',
  localAddresses: ['10.0.0.4', '2001:db8::7'],
  note: 'nobody knows',
};

test('without a public address the line says why', () => {
  expect(whereabouts(place)).toEqual({
    publicIp: 'not known: nobody knows',
    publicIpv6: 'none known',
    privateIp: '10.0.0.4',
    cloud: 'none that this machine knows',
    adminUrl: 'https://10.0.0.4/ui',
  });
});

test.each<[string, Partial<Place>, string]>([
  ['the public address', { publicIpv4: '203.0.113.7', publicIpv6: '2001:db8::7' }, 'https://203.0.113.7/ui'],
  [
    'the public IPv6 address when there is no other',
    { publicIpv6: '2001:db8::7' },
    'https://[2001:db8::7]/ui',
  ],
  [
    'the name of its certificate before any address',
    { publicIpv4: '203.0.113.7', certifiedName: 'gw.example.com' },
    'https://gw.example.com/ui',
  ],
  ['the private one when there is no public one', {}, 'https://10.0.0.4/ui'],
  ['an IPv6 address', { localAddresses: ['2001:db8::7'] }, 'https://[2001:db8::7]/ui'],
  ['the host name before the network is up', { localAddresses: [] }, 'https://gateway-1/ui'],
])('the admin UI is at %s', (_title, known, url) => {
  expect(whereabouts({ ...place, ...known }).adminUrl).toBe(url);
});

test.each<[string, Partial<Place>, string]>([
  ['what the cloud says', { privateIpv4: '10.132.6.205' }, '10.132.6.205'],
  ['one that is private, wherever it stands', { localAddresses: ['203.0.113.7', '10.0.0.4'] }, '10.0.0.4'],
  ['none, when the interfaces have the public one alone', { localAddresses: ['203.0.113.7'] }, 'none'],
  ['another of the machine’s own', { localAddresses: ['203.0.113.7', '198.51.100.4'] }, '198.51.100.4'],
  ['none yet, before the network is up', { localAddresses: [] }, 'none yet'],
])('the private address is %s', (_title, known, address) => {
  expect(whereabouts({ ...place, publicIpv4: '203.0.113.7', ...known }).privateIp).toBe(address);
});

test('the cloud is named with as much as is known of it', () => {
  const line = (cloud: Place['cloud']): string => whereabouts({ ...place, cloud }).cloud;
  expect(line({ title: 'Amazon EC2' })).toBe('Amazon EC2');
  expect(line({ title: 'Amazon EC2', instanceId: 'i-0abc' })).toBe('Amazon EC2, instance i-0abc');
  expect(line({ title: 'Amazon EC2', instanceId: 'i-0abc', region: 'eu-central-1' })).toBe(
    'Amazon EC2, instance i-0abc, region eu-central-1',
  );
});
