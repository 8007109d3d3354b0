import { expect, test } from 'vitest';
import { databaseDestinations } from './egress-database.ts';

const anywhere = (port: number) => [
  { family: 'ipv4', range: '0.0.0.0/0', port },
  { family: 'ipv6', range: '::/0', port },
];
const here = (port: number) => [
  { family: 'ipv4', range: '127.0.0.1/32', port },
  { family: 'ipv6', range: '::1/128', port },
];

test.each([
  ['postgresql://u:p@127.0.0.1:5432/d', [{ family: 'ipv4', range: '127.0.0.1/32', port: 5432 }]],
  ['postgresql://u:p@10.0.0.5/d', [{ family: 'ipv4', range: '10.0.0.5/32', port: 5432 }]],
  ['postgresql://u:p@[fd12::5]:6432/d', [{ family: 'ipv6', range: 'fd12::5/128', port: 6432 }]],
  ['postgresql://u:p@db.example.com/d?sslmode=verify-full', anywhere(5432)],
  ['postgresql://u:p@db.example.com:6432/d', anywhere(6432)],
  ['postgresql://localhost/d', here(5432)],
  ['postgresql:///d', here(5432)],
  ['postgresql:///d?host=10.0.0.5&port=6432', [{ family: 'ipv4', range: '10.0.0.5/32', port: 6432 }]],
  ['postgresql:///d?host=/run/postgresql', []],
])('%s', (url, destinations) => {
  expect(databaseDestinations(url, 5432)).toEqual(destinations);
});

test('what is no URL is refused without being repeated', () => {
  expect(() => databaseDestinations('litellm:geheim@db', 5432)).not.toThrow(/geheim/);
  expect(() => databaseDestinations('not a url geheim', 5432)).toThrow(/^DATABASE_URL is not a URL/);
  expect(() => databaseDestinations('not a url geheim', 5432)).not.toThrow(/geheim/);
});
