import fc from 'fast-check';
import { expect, test } from 'vitest';
import { envelope } from './errors.ts';

test('any message stays whole JSON inside single quotes, free of nginx variables', () => {
  fc.assert(
    fc.property(fc.string(), (message) => {
      const line = envelope(503, 'service_unavailable', message);
      expect(line).not.toMatch(/['$\n]/);
      expect(JSON.parse(line.replaceAll('\\\\', '\\')).error).toEqual({
        message,
        type: 'service_unavailable',
        param: null,
        code: '503',
      });
    }),
  );
});
