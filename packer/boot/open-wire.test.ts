import { expect, test } from 'vitest';
import { closedWire, openWire } from './open-wire.ts';

const ports = { 22: 2222, 443: 8443 };

test('an open wire lets the machine out, and in by the given ports from loopback', () => {
  expect(openWire(ports).netdev).toBe(
    'user,id=wire,hostfwd=tcp:127.0.0.1:2222-:22,hostfwd=tcp:127.0.0.1:8443-:443',
  );
});

test('a closed wire lets nothing out', () => {
  expect(closedWire({ 22: 2222 }).netdev).toBe('user,id=wire,restrict=on,hostfwd=tcp:127.0.0.1:2222-:22');
});

test('a port that is not forwarded is refused by its number', async () => {
  await expect(closedWire({ 22: 2222 }).connect(443)).rejects.toThrow('port 443 is not forwarded');
});
