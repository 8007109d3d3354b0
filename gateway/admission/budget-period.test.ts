import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTimeZone, nextReset } from './budget-period.ts';

const reset = (duration: string, now: string, zone = 'UTC'): string =>
  nextReset(duration, Date.parse(now), zone).toISOString().replace('.000', '');

test.each([
  // A Saturday.
  ['1d', '2026-11-21T10:20:30Z', '2026-11-22T00:00:00Z'],
  ['7d', '2026-11-21T10:20:30Z', '2026-11-23T00:00:00Z'],
  ['1w', '2026-11-21T10:20:30Z', '2026-11-23T00:00:00Z'],
  ['1w', '2026-11-23T00:00:00Z', '2026-11-30T00:00:00Z'],
  ['2w', '2026-11-21T10:20:30Z', '2026-12-05T00:00:00Z'],
  ['30d', '2026-11-21T10:20:30Z', '2026-12-01T00:00:00Z'],
  ['1mo', '2026-11-21T10:20:30Z', '2026-12-01T00:00:00Z'],
  ['1mo', '2026-12-31T23:59:59Z', '2027-01-01T00:00:00Z'],
  ['1mo', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'],
  ['3mo', '2026-11-30T12:00:00Z', '2027-02-01T00:00:00Z'],
  ['1d', '2028-02-28T12:00:00Z', '2028-02-29T00:00:00Z'],
  ['1d', '2027-02-28T12:00:00Z', '2027-03-01T00:00:00Z'],
  ['10d', '2028-02-25T12:00:00Z', '2028-03-06T00:00:00Z'],
  ['90d', '2026-11-21T10:20:30Z', '2027-02-19T00:00:00Z'],
  ['1h', '2026-11-21T10:20:30Z', '2026-11-21T11:00:00Z'],
  ['6h', '2026-11-21T10:20:30Z', '2026-11-21T12:00:00Z'],
  ['6h', '2026-11-21T12:00:00Z', '2026-11-21T18:00:00Z'],
  ['5h', '2026-11-21T22:00:00Z', '2026-11-22T01:00:00Z'],
  ['24h', '2026-11-21T10:20:30Z', '2026-11-22T00:00:00Z'],
  ['48h', '2026-11-21T10:20:30Z', '2026-11-23T00:00:00Z'],
  ['15m', '2026-11-21T10:20:30Z', '2026-11-21T10:30:00Z'],
  ['90m', '2026-11-21T10:20:30Z', '2026-11-21T11:30:00Z'],
  ['30s', '2026-11-21T10:20:30Z', '2026-11-21T10:21:00Z'],
  ['20s', '2026-11-21T10:20:30.700Z', '2026-11-21T10:20:40Z'],
  ['monthly', '2026-11-21T10:20:30Z', '2026-12-01T00:00:00Z'],
  ['sometimes', '2026-11-21T10:20:30Z', '2026-11-22T00:00:00Z'],
  ['0d', '2026-11-21T10:20:30Z', '2026-11-22T00:00:00Z'],
  ['999999999999d', '2026-11-21T10:20:30Z', '2026-11-22T00:00:00Z'],
])('%s at %s is reset at %s', (duration, now, next) => {
  expect(reset(duration, now)).toBe(next);
});

test.each([
  ['midnight is the zone\u2019s', '1d', 'Asia/Kolkata', '2026-11-21T18:29:59Z', '2026-11-21T18:30:00Z'],
  ['the day is the zone\u2019s', '1mo', 'America/New_York', '2026-12-01T02:00:00Z', '2026-12-01T05:00:00Z'],
  ['a day of 23 hours', '1d', 'Europe/Berlin', '2026-03-28T23:30:00Z', '2026-03-29T22:00:00Z'],
  ['a day of 25 hours', '1d', 'Europe/Berlin', '2026-10-24T22:30:00Z', '2026-10-25T23:00:00Z'],
  ['an hour that is left out', '2h', 'Europe/Berlin', '2026-03-29T00:30:00Z', '2026-03-29T01:00:00Z'],
  ['an hour that occurs twice', '1h', 'Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-25T02:00:00Z'],
  ['its second time', '1h', 'Europe/Berlin', '2026-10-25T01:30:00Z', '2026-10-25T02:00:00Z'],
  ['a midnight that is left out', '1d', 'America/Santiago', '2026-09-05T12:00:00Z', '2026-09-06T04:00:00Z'],
  ['a day that is left out', '1d', 'Pacific/Apia', '2011-12-30T05:00:00Z', '2011-12-30T10:00:00Z'],
  ['a Monday', '1w', 'Pacific/Auckland', '2026-11-22T10:59:59Z', '2026-11-22T11:00:00Z'],
])('%s: %s in %s at %s is reset at %s', (_title, duration, zone, now, next) => {
  expect(reset(duration, now, zone)).toBe(next);
});

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Santiago',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Africa/Cairo',
  'Pacific/Apia',
];
const moment = fc
  .date({ min: new Date('2005-01-01'), max: new Date('2040-01-01'), noInvalidDate: true })
  .map((date) => date.getTime());

test('a reset lies ahead, at a whole second, and nobody passes it: just before it the answer is the same', () => {
  const duration = fc.tuple(fc.integer({ min: 1, max: 400 }), fc.constantFrom('s', 'm', 'h', 'd', 'w', 'mo'));
  fc.assert(
    fc.property(moment, duration, fc.constantFrom(...zones), (now, [count, unit], zone) => {
      const next = nextReset(`${count}${unit}`, now, zone).getTime();
      expect(next).toBeGreaterThan(now);
      expect(next % 1000).toBe(0);
      if (['1d', '1w', '1mo', '7d', '30d'].includes(`${count}${unit}`)) {
        expect(nextReset(`${count}${unit}`, next - 1, zone).getTime()).toBe(next);
      }
    }),
    { numRuns: 300 },
  );
});

test('days, weeks and months begin when the zone\u2019s clocks show their beginning', () => {
  // In these zones clocks change in the middle of the night.
  const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu');
  fc.assert(
    fc.property(moment, zone, fc.constantFrom('1d', '1w', '1mo', '5d'), (now, where, duration) => {
      const wall = new Intl.DateTimeFormat('en-GB', {
        timeZone: where,
        weekday: 'long',
        day: 'numeric',
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
      }).format(nextReset(duration, now, where));
      expect(wall).toContain('00:00:00');
      if (duration === '1w') expect(wall).toContain('Monday');
      if (duration === '1mo') expect(wall).toMatch(/\b1\b/);
    }),
    { numRuns: 300 },
  );
});

test('a zone is one of the IANA database', () => {
  expect(['UTC', 'Europe/Berlin', 'Mars/Olympus', ''].map(isTimeZone)).toEqual([true, true, false, false]);
});
