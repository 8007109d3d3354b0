import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cableFor, machineName } from './outside.ts';

test('the name fits a network device and says what it is', () => {
  expect(machineName).toMatch(/^bake[0-9a-f]{8}$/);
});

test('both ends of a cable are the usable addresses of one /30 in the range for network tests', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      const { host, machine } = cableFor(name);
      const [hostEnd, machineEnd] = [host, machine].map((address) => Number(address.split('.')[3]));
      expect(host).toMatch(/^198\.18\.\d+\.\d+$/);
      expect((hostEnd as number) % 4).toBe(1);
      expect((machineEnd as number) - (hostEnd as number)).toBe(1);
      expect(machineEnd).toBeLessThan(255);
    }),
  );
});
