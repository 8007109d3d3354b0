/**
 * The checklist of `make verify`, as far as it is read from what was made for Azure and for Google: the image stage holds
 * another artefact to it, which their own rows do not apply to.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { beforeAll, describe, expect, test } from 'vitest';
import { places, shellFor } from '../../packer/index.ts';
import {
  buildHostWords,
  expectedKey,
  namedPackages,
  openDisk,
  readBuildManifest,
  readSignedEvidence,
  rehearsalKeyFile,
  type SignedEvidence,
  type Verification,
  verifyImage,
} from '../../sbom/index.ts';
import { BASE, imageFor } from '../harness/machine-image.ts';
import { facts } from './appliance.ts';
import { places as tested } from './world.ts';

/** Rows that only this target is held to, or that ask something else of each. */
const OWN = {
  azure: ['DSK-01', 'DSK-02', 'DSK-03', 'KRN-05', 'PKG-02'],
  gcp: ['DSK-07', 'KRN-05', 'PKG-02'],
} as const;
const targets = Object.keys(OWN) as (keyof typeof OWN)[];

describe.each(targets)('the image for %s', (target) => {
  let evidence: SignedEvidence;
  let sbom: string;
  let seen: Verification;

  beforeAll(async () => {
    const made = imageFor(target);
    const { directory } = made;
    const publicKey = expectedKey(facts, directory, { release: false, rehearsalKeyFile });
    evidence = readSignedEvidence(directory, publicKey);
    sbom = readFileSync(`${directory}/sbom.json`, 'utf8');
    const shell = shellFor(new AbortController().signal);
    using disk = await openDisk(shell, made, `${tested.machines}/checklist-${target}`);
    seen = await verifyImage({
      ...{ target, facts, directory, publicKey, disk },
      manifest: readBuildManifest(directory),
      release: false,
      repository: places.root,
      privateWords: buildHostWords(places.root, hostname()),
    });
  });

  const at = (...states: string[]): string[] =>
    seen.rows.filter(({ status }) => states.includes(status)).map(({ id, detail }) => `${id}: ${detail}`);

  test('it passes the rows that are its own', () => {
    const passed = seen.rows.filter(({ status }) => status === 'passed').map(({ id }) => id);
    expect(passed).toEqual(expect.arrayContaining([...OWN[target]]));
  });

  test('nothing fails, and nothing is warned of but the sleep at boot that Azure asks for', () => {
    expect(at('failed')).toEqual([]);
    const asked = target === 'azure' ? [expect.stringMatching(/^KRN-02: rootdelay=300 is missing/)] : [];
    const warned = at('warning');
    expect(warned).toEqual(asked);
    expect(warned.join()).not.toContain('earlyprintk=ttyS0 is missing');
  });

  test('the evidence is about this image, and its SBOM names the agents of the target', () => {
    expect(evidence).toMatchObject({ base: BASE, target });
    const names = [...namedPackages(sbom)].map((entry) => entry.split(' ', 1)[0]);
    const agents = facts.bases[BASE]?.agents ?? {};
    for (const [other, packages] of Object.entries(agents))
      for (const name of packages) expect(names.includes(name), name).toBe(other === target);
  });
});
