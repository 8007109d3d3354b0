import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { compareWithManifest, manifestPaths, readSignedManifest } from '../../operator/index.ts';
import { installedPackages, sha256OfFile } from '../../packer/index.ts';
import { fileFaults } from '../evidence/file-faults.ts';
import { readSignedEvidence } from '../evidence/signed-evidence.ts';
import { finding, type LooksByRow, NotRun } from './look.ts';
import type { Disk, Subject } from './subject.ts';

function signedManifest({ tree }: Disk, { facts, publicKey }: Subject) {
  return readSignedManifest(tree, facts, publicKey).manifest;
}

export const signedRows: LooksByRow = {
  'EVD-01': {
    evidence: async ({ directory, publicKey, release, manifest }) => {
      const signed = readSignedEvidence(directory, publicKey);
      return finding(
        `${signed.files.length + 1} files${signed.rehearsal ? ', signed as a rehearsal' : ''}`,
        await fileFaults(directory, signed),
        signed.image?.sha256 === manifest.image.sha256 ? [] : 'evidence.json speaks of another image',
        release && signed.rehearsal ? 'the evidence is a rehearsal' : [],
      );
    },
  },
  'EVD-02': {
    disk: (disk, subject) => {
      const { manifest, signature } = manifestPaths(subject.facts);
      const { files, differences } = compareWithManifest(disk.tree, signedManifest(disk, subject), [
        manifest,
        signature,
      ]);
      return finding(
        `${files} files`,
        differences.map(({ state, path, detail }) => `${state}: ${path} (${detail})`),
      );
    },
  },
  'EVD-03': {
    disk: (disk, subject) => {
      const describe = (found: { name: string; version: string }) => `${found.name} ${found.version}`;
      const signed = signedManifest(disk, subject).packages.map(describe);
      const installed = installedPackages(disk.tree).map(describe);
      return finding(
        `${installed.length} packages`,
        installed.filter((name) => !signed.includes(name)).map((name) => `${name} was not signed`),
        signed
          .filter((name) => !installed.includes(name))
          .map((name) => `${name} was signed and is not installed`),
      );
    },
  },
  'EVD-04': {
    disk: async (disk, subject) => {
      const beside = readSignedEvidence(subject.directory, subject.publicKey).files;
      const { directory, manifest } = manifestPaths(subject.facts);
      const inImage = {
        [`${directory}/sbom.json`]: 'evidence/sbom.json',
        [manifest]: 'evidence/image-manifest.json',
      };
      const reports = {
        [`${directory}/cis-report.html`]: 'evidence/cis-report.html',
        [`${directory}/cis-score.json`]: 'evidence/cis-score.json',
      };
      const faults: string[] = [];
      for (const [path, name] of Object.entries({ ...inImage, ...reports })) {
        const hash = beside.find((file) => file.path === name)?.sha256;
        if (hash === undefined || !existsSync(join(disk.tree, path)))
          throw new NotRun(`${name} or ${path} is missing`);
        if ((await sha256OfFile(join(disk.tree, path))) !== hash)
          faults.push(`${path} is not the ${name} of the evidence`);
      }
      return finding('SBOM, CIS report and score, manifest', faults);
    },
  },
  'EVD-05': {
    evidence: ({ directory, publicKey }) => {
      const { checks } = readSignedEvidence(directory, publicKey);
      if (checks.length === 0) throw new NotRun('the evidence holds no result of any check');
      const describe = ({ id, detail }: { id: string; detail: string }) => `${id}: ${detail}`;
      const failed = checks.filter(({ status }) => status === 'failed').map(describe);
      const notRun = checks.filter(({ status }) => status === 'not-run').map(describe);
      if (failed.length === 0 && notRun.length > 0) throw new NotRun(notRun.join('; '));
      return finding(checks.map(({ id }) => id).join(', '), failed);
    },
  },
};
