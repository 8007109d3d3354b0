import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { databaseConnection } from './database-connection.ts';
import { type DatabaseTarget, DatabaseUrlError, placeOf, readDatabaseUrl } from './database-url.ts';

const PASSWORD = 'canary-7Hq';
const read = (url: string): DatabaseTarget => readDatabaseUrl('DATABASE_URL', url);

function complaintAbout(url: string): string {
  try {
    read(url);
  } catch (error) {
    expect(error).toBeInstanceOf(DatabaseUrlError);
    return (error as Error).message;
  }
  throw new Error('the URL was accepted');
}

test('a verified connection to another machine is read part by part', () => {
  const url = `postgres://app:p%40ss%2F${PASSWORD}@db.example.com:6432/gateway?sslmode=verify-full&sslrootcert=/etc/ssl/database-ca.pem`;
  expect(read(url)).toEqual({
    host: 'db.example.com',
    port: 6432,
    user: 'app',
    password: `p@ss/${PASSWORD}`,
    database: 'gateway',
    tls: { authority: '/etc/ssl/database-ca.pem' },
  });
});

test.each([
  ['no sslrootcert', 'sslmode=verify-full'],
  ["libpq's word for them", 'sslmode=verify-full&sslrootcert=system'],
])("the system's authorities are trusted with %s", (_title, query) => {
  expect(read(`postgresql://app:x@db.example.com/gateway?${query}`).tls).toEqual({});
});

test.each([
  ['a socket', 'postgresql:///litellm?host=/run/postgresql&user=litellm-owner', '/run/postgresql'],
  ['a socket in the place of the host', 'postgresql://%2Frun%2Fpostgresql/litellm', '/run/postgresql'],
  ['IPv4 loopback', 'postgresql://litellm:x@127.0.0.1:5432/litellm', '127.0.0.1'],
  ['IPv6 loopback', 'postgresql://litellm:x@[::1]/litellm', '::1'],
  ['localhost', 'postgresql://litellm:x@localhost/litellm?sslmode=disable', 'localhost'],
])('%s needs no TLS', (_title, url, host) => {
  const target = read(url);
  expect(target.host).toBe(host);
  expect(target).not.toHaveProperty('tls');
});

describe('what leaves this machine must be verified', () => {
  test.each([
    ['postgresql://app:x@db.example.com/gateway', 'add ?sslmode=verify-full at its end'],
    ['postgresql://app:x@10.0.0.5/gateway?application_name=x', 'add &sslmode=verify-full at its end'],
    ['postgresql://app:x@localhost.example.com/gateway', 'add ?sslmode=verify-full'],
    ['postgresql://app:x@127.0.0.1.example.com/gateway', 'add ?sslmode=verify-full'],
    ['postgresql://app:x@127.0.0.1/gateway?host=db.example.com', 'add &sslmode=verify-full'],
    ['postgresql://app:x@db.example.com/gateway?sslmode=disable', 'sslmode=disable, which does not verify'],
    ['postgresql://app:x@db.example.com/gateway?sslmode=require', 'write sslmode=verify-full in its place'],
    ['postgresql://app:x@localhost/gateway?sslmode=prefer', 'write sslmode=verify-full in its place'],
    ['postgresql://app:x@db.example.com/g?sslmode=verify-full&sslmode=disable', "has 'sslmode' twice"],
    ['postgresql://app:x@db.example.com/g?sslmode=verify-full&uselibpqcompat=true', "'uselibpqcompat'"],
    ['postgresql://app:x@db.example.com/g?sslmode=verify-full&ssl=no-verify', "unknown parameter 'ssl'"],
    ['postgresql://app:x@db.example.com/g?sslmode=verify-full&sslrootcert=ca.pem', 'absolute path'],
    ['postgresql://app:x@localhost/gateway?sslrootcert=/ca.pem', 'add &sslmode=verify-full'],
  ])('%s is refused', (url, expected) => {
    expect(complaintAbout(url)).toContain(expected);
  });
});

test.each([
  ['no URL at all', `host=db password=${PASSWORD}`],
  ['another kind of URL', `mysql://app:${PASSWORD}@db.example.com/gateway`],
  ['a bare slash in the password', `postgresql://app:12/${PASSWORD}@db.example.com/gateway`],
  ['a bare hash in the password', `postgresql://app:12#${PASSWORD}@db.example.com/gateway`],
  ['a bare question mark in the password', `postgresql://app:12?${PASSWORD}@db.example.com/gateway`],
  ['a bare percent sign in the password', `postgresql://app:%${PASSWORD}%@db.example.com/gateway`],
  ['no user', `postgresql://:${PASSWORD}@db.example.com/gateway`],
  ['no host', `postgresql://app:${PASSWORD}@/gateway`],
  ['no database', `postgresql://app:${PASSWORD}@db.example.com`],
  ['no port that there is', `postgresql://app@db.example.com/gateway?port=${PASSWORD}`],
  ['TLS unverified', `postgresql://app:${PASSWORD}@db.example.com/gateway`],
])('with %s the complaint says what to write, and quotes nothing', (_title, url) => {
  const complaint = complaintAbout(url);
  expect(complaint).toMatch(/^DATABASE_URL .*(write|add|from 1 to)/);
  expect(complaint).not.toContain(PASSWORD);
});

test('people are told place and database, and nothing about who signs in', () => {
  const target = read(`postgresql://app:${PASSWORD}@[2001:db8::5]/gateway?sslmode=verify-full`);
  expect(placeOf(target)).toBe('[2001:db8::5]:5432/gateway');
});

describe('the driver is told what was read', () => {
  test.each([
    'postgresql://litellm:x@127.0.0.1:5433/litellm?host=%2Frun%2Fpostgresql',
    'postgresql://app:p%40ss@localhost/gateway?options=-c%20geqo%3Doff',
    'postgresql:///litellm?host=/run/postgresql&user=litellm-owner&port=6000',
  ])('and would have read %s in the same way', (url) => {
    const parts = ['host', 'port', 'user', 'database', 'password'] as const;
    const own = new Client(databaseConnection('DATABASE_URL', url));
    const drivers = new Client({ connectionString: url });
    expect(parts.map((part) => own[part])).toEqual(parts.map((part) => drivers[part]));
  });

  test('and verifies with the system list when no authority is named', () => {
    const url = 'postgresql://app:x@db.example.com/gateway?sslmode=verify-full';
    expect(databaseConnection('DATABASE_URL', url).ssl).toMatchObject({
      rejectUnauthorized: true,
      secureContext: expect.any(Object),
    });
  });

  test('and a certificate file that is not there is named', () => {
    const url = 'postgresql://app:x@db.example.com/gateway?sslmode=verify-full&sslrootcert=/nowhere/ca.pem';
    expect(() => databaseConnection('DATABASE_URL', url)).toThrow(
      'DATABASE_URL needs /nowhere/ca.pem (sslrootcert), which this user cannot read (ENOENT)',
    );
  });
});
