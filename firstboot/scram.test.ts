import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { expect, test } from 'vitest';
import { scramVerifier } from './scram.ts';

// RFC 7677 section 3: user "user", password "pencil".
const SALT = 'W22ZaJ0SNY7soEsUEjb6gQ==';
const SERVER_SIGNATURE = '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';
const AUTH_MESSAGE =
  'n=user,r=rOprNGfwEbeRWgbNEkqO,' +
  'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,' +
  'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';

const [, salt, , storedKey, serverKey] = /^SCRAM-SHA-256\$4096:(.+)(\$)(.+):(.+)$/.exec(
  scramVerifier('pencil', SALT),
) ?? ['', '', '', '', ''];

test('the verifier holds the salt it was given', () => {
  expect(salt).toBe(SALT);
});

test('its server key signs the exchange of RFC 7677', () => {
  const signature = createHmac('sha256', Buffer.from(serverKey ?? '', 'base64'))
    .update(AUTH_MESSAGE)
    .digest('base64');
  expect(signature).toBe(SERVER_SIGNATURE);
});

test('its stored key is the hash of the client key', () => {
  const salted = pbkdf2Sync('pencil', Buffer.from(SALT, 'base64'), 4096, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  expect(storedKey).toBe(createHash('sha256').update(clientKey).digest('base64'));
});
