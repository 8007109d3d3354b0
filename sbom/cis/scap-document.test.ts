import { expect, test } from 'vitest';
import { arfFile, plainBaseArf } from './fixtures/arf.ts';
import { readArf, readScap } from './scap-document.ts';
import { countResults } from './scoring.ts';

const arf = plainBaseArf();

test('an ARF gives the benchmark with its profile, and every result of the scan', async () => {
  const { benchmark, testResult } = await readArf(arfFile(arf));
  expect(benchmark.id).toBe('xccdf_org.ssgproject.content_benchmark_DEBIAN-13');
  expect(benchmark.version).toBe('0.1.82');
  expect(benchmark.profiles.get('cis_level1_server')?.size).toBe(403);
  expect(benchmark.rules.get('package_nginx_removed')?.title).toBe('Uninstall nginx Package');
  expect(testResult).toMatchObject({ profile: 'cis_level1_server', scanner: 'OpenSCAP 1.4.2' });
  expect(testResult.startedAt).toBe('2026-11-26T23:41:53+00:00');
  expect(testResult.outcomes.get('package_nginx_removed')).toEqual({
    result: 'pass',
    severity: 'unknown',
    weight: 1,
  });
  const results = countResults([...testResult.outcomes.values()].map(({ result }) => result));
  expect(results).toMatchObject({ pass: 228, fail: 120, notapplicable: 54, notchecked: 1, notselected: 374 });
});

const cut = arf.length - 40_000;
const firstResult = arf.slice(arf.indexOf('<rule-result'), arf.indexOf('</rule-result>') + 14);
const scanOnly = arf.slice(arf.indexOf('<TestResult'), arf.indexOf('</TestResult>') + 13);

test.each([
  ['that breaks off', arf.slice(0, cut), /cannot be read as XML: .*unclosed tag/],
  ['that is no XML', 'oscap: no such profile', /cannot be read as XML/],
  ['without a scan', arf.replace(scanOnly, ''), /holds no result of a scan/],
  ['without a benchmark', `<arf>${scanOnly}</arf>`, /holds no benchmark/],
  ['with two results of a rule', arf.replace(firstResult, firstResult.repeat(2)), /has two results/],
  ['with two scans', arf.replace(scanOnly, scanOnly.repeat(2)), /two scans/],
  [
    'with a result that XCCDF does not know',
    arf.replace('<result>fail<', '<result>waived<'),
    /the result 'waived'/,
  ],
])('an ARF %s is refused', async (_, text, complaint) => {
  await expect(readArf(arfFile(text))).rejects.toThrow(complaint);
});

test('content without a scan can be read as well', async () => {
  const { testResult, benchmark } = await readScap(arfFile(arf.replace(scanOnly, '')));
  expect(testResult).toBeUndefined();
  expect(benchmark.rules.size).toBe(777);
});
