import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkSbom, namedPackages, sbomPath } from '../../sbom/index.ts';
import { imageFor, sealedTree } from '../harness/machine-image.ts';
import { facts } from './appliance.ts';
import type { World } from './world.ts';

export function sbomClaims(world: () => World): void {
  const beside = (): string => readFileSync(`${imageFor('azure').directory}/sbom.json`, 'utf8');

  test('the image, taken apart, has nothing that can run and is not accounted for', async () => {
    expect(await checkSbom(sealedTree('azure'), facts, beside())).toMatchObject({ status: 'passed' });
  });

  test('the machine carries the SBOM that lies beside the image, readable by everybody', async () => {
    const { machine } = world().azure;
    const path = sbomPath(facts);
    expect(await machine.succeed(`cat ${path}`)).toBe(beside());
    expect(await machine.succeed(`stat -c '%a %U:%G' ${path}`)).toBe('644 root:root\n');
  });

  test('it names the packages that dpkg on the machine names', async () => {
    const query = `dpkg-query -W -f '\${db:Status-Status} \${Package} \${Version} \${Architecture}\\n'`;
    const listed = await world().azure.machine.succeed(query);
    const installed = listed
      .split('\n')
      .filter((line) => line.startsWith('installed '))
      .map((line) => line.slice('installed '.length));
    expect([...namedPackages(beside())].sort()).toEqual(installed.sort());
  });

  test('the runtime on the machine has the hash that it says', async () => {
    const node = `${facts.paths.program}/bin/node`;
    const [hash] = (await world().azure.machine.succeed(`sha256sum ${node}`)).split(' ');
    const found = JSON.parse(beside()).components.find(({ name }: { name: string }) => name === 'node');
    expect(found.hashes).toEqual([{ alg: 'SHA-256', content: hash }]);
  });
}
