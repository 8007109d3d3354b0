/** What the evidence is made of: how each piece is called for people, its file, and the check that speaks for it. */
export interface Piece {
  readonly title: string;
  /** Below the directory of the evidence. */
  readonly file: string;
  /** Id of the check whose result is the piece's; a piece without one is a list for people to read. */
  readonly check?: string;
}

/** Pieces that other rooms make and hand over as files. */
export const documents = {
  sbom: { title: 'Software bill of materials (CycloneDX)', file: 'sbom.json', check: 'sbom' },
  cisReport: { title: 'CIS report', file: 'cis-report.html', check: 'cis' },
  cisArf: { title: 'CIS results (ARF)', file: 'cis-arf.xml', check: 'cis' },
  cisScore: { title: 'CIS score', file: 'cis-score.json', check: 'cis' },
  cve: { title: 'CVE report', file: 'cve-report.json', check: 'cve' },
  vex: { title: 'Exceptions to the CVE gate (VEX)', file: 'vex.json', check: 'cve' },
  secretScan: { title: 'Scan for secrets', file: 'secret-scan.json', check: 'secrets' },
  malware: { title: 'Scan for malware', file: 'malware-report.txt', check: 'malware' },
  lynis: { title: 'Lynis report', file: 'lynis-report.dat', check: 'lynis' },
  exposure: {
    title: 'Exposure of services (systemd-analyze security)',
    file: 'exposure.json',
    check: 'exposure',
  },
  openPorts: { title: 'Open ports', file: 'open-ports.json', check: 'ports' },
} as const satisfies Record<string, Piece>;

export type DocumentName = keyof typeof documents;

/** Pieces that are read from the tree or made from what is known. */
export const ownPieces = {
  users: { title: 'Users and what sudo lets them do', file: 'users.json' },
  setuid: { title: 'Programs that change their user', file: 'setuid.json' },
  packages: { title: 'Packages', file: 'packages.json' },
  difference: { title: 'Packages, against the previous release', file: 'packages-difference.json' },
  buildManifest: { title: 'Build manifest: hashes of every input', file: 'build-manifest.json' },
  imageManifest: { title: 'Manifest inside the image, signed', file: 'image-manifest.json' },
  imageSignature: { title: 'Its signature', file: 'image-manifest.json.sig' },
  provenance: { title: 'Provenance (in-toto, SLSA), signed', file: 'provenance.dsse.json' },
} as const satisfies Record<string, Piece>;

/** Only of a base that another one is rehearsed with; no check depends on it. */
export const foreignContent: Piece = {
  title: 'CIS content for Ubuntu 24.04, tried on this base',
  file: 'cis-rehearsal.json',
};

/** Ids of the checks that an image needs, each once. */
export const expectedChecks: readonly string[] = [
  ...new Set(Object.values(documents).map(({ check }) => check)),
];
