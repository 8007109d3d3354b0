/** The SBOM of a small tree that holds the real payload, through every program that takes part in making one. */
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { machineFacts, readFacts } from '../appliance/index.ts';
import { checkSbom, makeSbom, type SbomInputs, sbomFaults, sbomPath } from '../sbom/index.ts';
import { SmallTree } from '../tests/harness/small-tree.ts';
import { bundlePrograms } from './bundle.ts';
import { sha256OfFile } from './hash.ts';
import { nodeBinary, payloadFiles, writePayload } from './payload.ts';
import { shellFor } from './shell.ts';

const facts = machineFacts(readFacts(), 'debian-13', 'qemu', 'abc');
const shell = shellFor(new AbortController().signal);
const { program } = facts.paths;
let tree: SmallTree;
let host: SmallTree;
let inputs: SbomInputs;
let sbom: string;

beforeAll(async () => {
  [tree, host] = [new SmallTree(), new SmallTree()];
  const [payload, bundles] = [`${host.path}/payload`, await bundlePrograms()];
  writePayload(payload, payloadFiles(facts, bundles));
  for (const role of readdirSync(payload)) cpSync(`${payload}/${role}`, tree.path, { recursive: true });
  tree.install('coreutils', '9.7-3', { lists: ['/usr/bin/true'] });
  tree.install('sed', '4.9-2', { lists: [] });
  tree.program('/usr/bin/true');
  inputs = { tree: tree.path, payload, facts, bundles, time: new Date('2026-11-21T13:58:03Z') };
  sbom = await makeSbom(inputs, shell);
  tree.write(sbomPath(facts), sbom);
}, 120_000);

afterAll(() => {
  tree?.[Symbol.dispose]();
  host?.[Symbol.dispose]();
});

test('two runs give the same bytes', async () => {
  expect(await makeSbom(inputs, shell)).toBe(sbom);
});

test('its components are the distribution, the packages of dpkg, those of npm and our files', () => {
  const npm = new Set(inputs.bundles.flatMap(({ packages }) => packages));
  const ours = readdirSync(inputs.payload, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  expect(JSON.parse(sbom).components).toHaveLength(1 + 2 + npm.size + ours.length);
});

test('the hash of Node is that of the file', async () => {
  const { components } = JSON.parse(sbom);
  const node = components.find(({ name }: { name: string }) => name === 'node');
  expect(node.hashes).toEqual([{ alg: 'SHA-256', content: await sha256OfFile(nodeBinary) }]);
  expect(node.version).toBe(process.versions.node);
});

test('the SBOM of a tree tells the truth about it', async () => {
  expect(await checkSbom(tree.path, facts, sbom)).toMatchObject({ id: 'sbom', status: 'passed' });
});

test('another SBOM than the one beside the image is found', async () => {
  const other = sbom.replace('"sed"', '"set"');
  expect(await checkSbom(tree.path, facts, other)).toMatchObject({
    status: 'failed',
    detail: `${sbomPath(facts)} is not the one beside the image`,
  });
});

test('an image without an SBOM fails the check', async () => {
  using empty = new SmallTree();
  expect(await checkSbom(empty.path, facts)).toMatchObject({
    status: 'failed',
    detail: `${sbomPath(facts)} is missing`,
  });
});

test.each([
  [
    'an SBOM that is no CycloneDX',
    (text: string) => text.replace('"1.6"', '"9.9"'),
    'not valid CycloneDX 1.6',
  ],
  [
    'a package that the SBOM does not name',
    (text: string) => text.replaceAll('pkg:deb/debian/sed@', 'pkg:deb/debian/awk@'),
    'package sed 4.9-2 amd64 is installed and not in the SBOM',
  ],
  [
    'a package that only the SBOM has',
    (text: string) => text.replaceAll('pkg:deb/debian/sed@', 'pkg:deb/debian/awk@'),
    'package awk 4.9-2 amd64 is in the SBOM and not installed',
  ],
])('%s is a fault', async (_, change, fault) => {
  expect((await sbomFaults(tree.path, change(sbom))).join('\n')).toContain(fault);
});

test('a changed, a missing and a stray program are each one fault', async () => {
  const [bundle, settings] = [`${program}/gateway.mjs`, facts.paths.config];
  const original = readFileSync(`${tree.path}${bundle}`);
  tree.write(bundle, 'changed');
  tree.program('/usr/local/bin/stray');
  const wrong = sbom.replaceAll(`"${settings}"`, '"/etc/nowhere"');
  const faults = await sbomFaults(tree.path, wrong);
  tree.write(bundle, original);
  expect(faults).toEqual([
    '/etc/nowhere is in the SBOM and not in the image',
    `${bundle} has other content than the SBOM says`,
    '/usr/local/bin/stray: this ELF file is of no package and not in the SBOM',
  ]);
});
