import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { places } from '../packer/index.ts';
import { type Feature, readFeatures } from '../sbom/index.ts';
import {
  ambiguousPromises,
  holdsTitle,
  judgePromises,
  readOutcomes,
  titlePattern,
  unfoundedPromises,
} from './promises.ts';

const features = readFeatures();

/** What the listing must promise; nothing of it may be forgotten when texts are written anew. */
const PROMISED = [
  'master-and-salt-key',
  'admin-password',
  'postgresql',
  'gateway-on-loopback',
  'tls-edge',
  'service-sandbox',
  'cve-scan',
  'firewall',
  'fail2ban',
  'apparmor',
  'certbot',
  'cis-level-1',
  'auditd',
  'ssh-keys',
  'kernel',
  'tmp',
  'metadata-egress',
  'documents',
  'openai-api',
  'virtual-keys',
  'no-telemetry',
];

test('the listing promises what the product promises', () => {
  expect(features.map(({ id }) => id)).toEqual(PROMISED);
});

test('every promise names tests that are there', () => {
  expect(unfoundedPromises(features)).toEqual([]);
});

test('a promise without an existing test is found', () => {
  const [some] = features as [Feature];
  const unfounded = { ...some, proofs: [{ file: 'tests/nowhere.test.ts', test: 'nothing' }] };
  expect(unfoundedPromises([unfounded])).toEqual([
    "'master-and-salt-key' promises what 'nothing' of tests/nowhere.test.ts should prove: there is no such test",
  ]);
});

describe('of two claims that one suite makes', () => {
  const claims = (read: (file: string) => string | undefined): string[] => {
    const [some] = features as [Feature];
    const proofs = [{ file: 'tests/image/claims-x.ts', test: 'it holds' }];
    return ambiguousPromises([{ ...some, proofs }], ['tests/image/a.test.ts', 'tests/image/b.test.ts'], read);
  };
  const suite = "import { xClaims } from './claims-x.ts';\nimport { yClaims } from './claims-y.ts';\n";
  const claim = "test('it holds', () => {";

  test('no report tells apart those of one title', () => {
    const sources: Record<string, string> = {
      'tests/image/a.test.ts': suite,
      'tests/image/claims-x.ts': claim,
      'tests/image/claims-y.ts': claim,
    };
    expect(claims((file) => sources[file])).toEqual([
      expect.stringContaining('claims-y.ts has that title too'),
    ]);
  });

  test('those of two suites it does', () => {
    const sources: Record<string, string> = {
      'tests/image/a.test.ts': "import { xClaims } from './claims-x.ts';",
      'tests/image/b.test.ts': "import { yClaims } from './claims-y.ts';",
      'tests/image/claims-x.ts': claim,
      'tests/image/claims-y.ts': claim,
    };
    expect(claims((file) => sources[file])).toEqual([]);
  });

  test('every promise names one that a report tells from all others', () => {
    const suites = readdirSync(join(places.root, 'tests/image')).filter((file) => file.endsWith('.test.ts'));
    expect(
      ambiguousPromises(
        features,
        suites.map((file) => `tests/image/${file}`),
      ),
    ).toEqual([]);
  });
});

describe('a source has a test of a title', () => {
  test.each([
    ["test('it works', () => {", 'it works'],
    ["test(\n  'it works',\n  () => {", 'it works'],
    ['test("it\'s", async () => {', "it's"],
    ["test('it\\'s', async () => {", "it's"],
    ["])('%s is refused', (what) => {", '%s is refused'],
    ["test.each(names)('$what (all)', () => {", '$what (all)'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in a source
    ['test(`${COUNT} streams`, () => {', '${COUNT} streams'],
  ])('in %j', (source, title) => {
    expect(holdsTitle(source, title)).toBe(true);
  });

  test.each([
    ['a group', "describe('it works', () => {", 'it works'],
    ['a test that is left out', "test.skip('it works', () => {", 'it works'],
    ['one that is yet to be written', "test.todo('it works', 1);", 'it works'],
    ['a longer title', "test('it works well', () => {", 'it works'],
    ['a text beside a test', "// 'it works',", 'it works'],
  ])('but not in %s', (_what, source, title) => {
    expect(holdsTitle(source, title)).toBe(false);
  });
});

test.each([
  ['%s is refused', 'TLSv1 is refused'],
  ['on Azure with %s the password is the VM id', 'on Azure with UEFI the password is the VM id'],
  ['who $act is denied (%i)', 'who reads is denied (4)'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as it stands in a source
  ['${COUNT} streams', '128 streams'],
])('%j becomes %j', (title, shown) => {
  expect(titlePattern(title).test(shown)).toBe(true);
  expect(titlePattern(title).test(`${shown} too`)).toBe(false);
});

describe('after the stages', () => {
  const proofs = [
    { file: 'tests/edge/tls.test.ts', test: '%s is refused' },
    { file: 'tests/image/claims-x.ts', test: 'it holds' },
  ];
  const sources: Record<string, string> = {
    'tests/image/image.test.ts': "import { xClaims } from './claims-x.ts';",
    'tests/image/other.test.ts': "import { yClaims } from './claims-y.ts';",
  };
  const judge = (outcomes: typeof passed) => judgePromises([promise], outcomes, (file) => sources[file]);
  const promise: Feature = { id: 'promise', text: 'It holds', proofs };
  const passed = [
    { file: 'tests/edge/tls.test.ts', title: 'TLSv1 is refused', status: 'passed' },
    { file: 'tests/edge/tls.test.ts', title: 'TLSv1.1 is refused', status: 'passed' },
    { file: 'tests/image/image.test.ts', title: 'it holds', status: 'passed' },
  ];

  test('a promise is proven when every test of its titles has passed', () => {
    expect(judge(passed)).toEqual({ tests: 3, faults: [] });
  });

  test.each([
    [
      'has failed',
      passed.with(1, { ...passed[1], status: 'failed' } as never),
      "'TLSv1.1 is refused' failed",
    ],
    ['was left out', passed.with(2, { ...passed[2], status: 'skipped' } as never), "'it holds' skipped"],
    ['has not run', passed.slice(0, 2), 'it has not run'],
    [
      'has run in another file',
      passed.with(2, { ...passed[2], file: 'tests/x.test.ts' } as never),
      'it has not run',
    ],
    [
      'is claimed by a suite that calls other claims',
      passed.with(2, { ...passed[2], file: 'tests/image/other.test.ts' } as never),
      'it has not run',
    ],
  ])('a promise whose test %s is not proven', (_how, outcomes, message) => {
    expect(judge(outcomes).faults).toEqual([expect.stringContaining(message)]);
  });

  test('the reports of these stages are read from where they lie, and no others', () => {
    const directory = mkdtempSync(join(tmpdir(), 'reports-'));
    const assertionResults = [{ title: 'it holds', status: 'passed' }];
    const report = { testResults: [{ name: join(places.root, 'tests/x.test.ts'), assertionResults }] };
    for (const stage of ['unit', 'of-before'])
      writeFileSync(join(directory, `${stage}.json`), JSON.stringify(report));
    expect(readOutcomes(directory, ['unit', 'edge'])).toEqual([
      { file: 'tests/x.test.ts', title: 'it holds', status: 'passed' },
    ]);
    rmSync(directory, { recursive: true });
    expect(readOutcomes(directory, ['unit'])).toEqual([]);
  });
});
