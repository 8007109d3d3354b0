import { expect, test } from 'vitest';
import { machineFacts, readFacts } from '../../appliance/index.ts';
import type { Content } from './content.ts';
import { documentOf } from './document.ts';
import { schemaFaults } from './schema.ts';

const hash = 'ab'.repeat(32);
const content: Content = {
  facts: machineFacts(readFacts(), 'debian-13', 'qemu', 'abc'),
  distribution: { id: 'debian', version: '13', title: 'Debian GNU/Linux 13 (trixie)' },
  osPackages: [
    {
      name: 'bsdutils',
      version: '1:2.41-5',
      architecture: 'amd64',
      source: { name: 'util-linux', version: '2.41-5' },
      summary: 'basic utilities',
      maintainer: 'Someone <someone@example.org>',
      homepage: 'https://www.kernel.org/',
      licences: [{ id: 'MIT' }, { name: 'public-domain' }],
    },
    {
      name: 'libstdc++6',
      version: '14.2.0-19',
      architecture: 'amd64',
      source: { name: 'gcc-14', version: '14.2.0-19' },
      summary: 'C++ library',
      maintainer: 'Someone',
      homepage: undefined,
      licences: [{ expression: 'GPL-3.0-or-later OR MIT' }],
    },
  ],
  npmPackages: [
    {
      path: 'node_modules/@fastify/cookie',
      name: 'cookie',
      group: '@fastify',
      version: '11.1.5',
      purl: 'pkg:npm/%40fastify/cookie@11.1.5',
      description: 'cookies',
      author: 'Somebody',
      licences: [{ id: 'MIT' }],
      references: [{ type: 'website', url: 'https://fastify.example/' }],
      dependsOn: [],
    },
  ],
  files: [
    { path: '/opt/litellm/bin/node', sha256: hash },
    { path: '/opt/litellm/gateway.mjs', sha256: 'cd'.repeat(32) },
    { path: '/etc/litellm/config.yaml', sha256: 'ef'.repeat(32) },
  ],
  node: { path: '/opt/litellm/bin/node', version: '24.21.0' },
  bundles: new Map([['/opt/litellm/gateway.mjs', ['node_modules/@fastify/cookie']]]),
  tools: [{ group: '@cyclonedx', name: 'cyclonedx-npm', version: '6.0.1' }],
  time: new Date('2026-11-21T13:58:03Z'),
};
const read = (text: string) => JSON.parse(text);
const component = (name: string) =>
  read(documentOf(content)).components.find((found: { name: string }) => found.name === name);

test('the document is valid by the official schema', async () => {
  expect(await schemaFaults(documentOf(content))).toEqual([]);
});

test('everything is listed once, and nothing else', () => {
  const { components } = read(documentOf(content));
  const { osPackages, npmPackages, files } = content;
  expect(components).toHaveLength(1 + osPackages.length + npmPackages.length + files.length);
});

test('a Debian package is found by its purl, and by its source', () => {
  expect(component('bsdutils')).toMatchObject({
    version: '1:2.41-5',
    purl: 'pkg:deb/debian/bsdutils@1:2.41-5?arch=amd64&distro=debian-13&upstream=util-linux%402.41-5',
    licenses: [{ license: { name: 'public-domain' } }, { license: { id: 'MIT' } }],
    properties: [
      { name: 'aquasecurity:trivy:SrcName', value: 'util-linux' },
      { name: 'aquasecurity:trivy:SrcRelease', value: '5' },
      { name: 'aquasecurity:trivy:SrcVersion', value: '2.41' },
    ],
  });
  expect(component('libstdc++6').purl).toContain('pkg:deb/debian/libstdc%2B%2B6@14.2.0-19?');
});

test('the runtime carries its hash, its version and the name by which its vulnerabilities are known', () => {
  expect(component('node')).toMatchObject({
    type: 'platform',
    version: '24.21.0',
    cpe: 'cpe:2.3:a:nodejs:node.js:24.21.0:*:*:*:lts:*:*:*',
    hashes: [{ alg: 'SHA-256', content: hash }],
  });
});

test('a program depends on the runtime and on what is bundled in it', () => {
  const { dependencies } = read(documentOf(content));
  const { dependsOn } = dependencies.find(
    ({ ref }: { ref: string }) => ref === 'file:/opt/litellm/gateway.mjs',
  );
  expect(dependsOn).toEqual(['file:/opt/litellm/bin/node', 'node_modules/@fastify/cookie']);
});

test('the same content gives the same bytes, in whatever order it comes', () => {
  const reversed = {
    ...content,
    osPackages: content.osPackages.toReversed(),
    files: content.files.toReversed(),
  };
  expect(documentOf(reversed)).toBe(documentOf(content));
});

test('the serial number is a UUID that only the content decides', () => {
  const { serialNumber } = read(documentOf(content));
  const other = read(documentOf({ ...content, files: content.files.slice(1) })).serialNumber;
  expect(serialNumber).toMatch(
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  expect(other).not.toBe(serialNumber);
});

test('the time is that of the source, and left out where nobody knows it', () => {
  expect(read(documentOf(content)).metadata.timestamp).toBe('2026-11-21T13:58:03.000Z');
  expect(read(documentOf({ ...content, time: undefined })).metadata).not.toHaveProperty('timestamp');
});
