import { debianPackage } from './debian-packages.ts';
import type { Edge } from './nginx.ts';

const REPORT = '/var/tmp/testssl.json';
const AUTHORITY = '/var/tmp/testssl-authority.pem';

/** One line of testssl.sh's report. */
export interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

/**
 * All that the rating needs. Left out are two halves of the time that add no finding: each cipher of OpenSSL by itself,
 * after the categories, and what some fifty browsers would choose.
 */
const CHECKS = [
  '--protocols',
  '--std',
  '--fs',
  '--server-preference',
  '--server-defaults',
  '--headers',
  '--vulnerable',
];

/** Runs testssl.sh of Debian 13 against the edge by its name, with `authority` (PEM) among those that it trusts. */
export async function runTestssl(edge: Edge, name: string, authority: string): Promise<readonly Finding[]> {
  const root = await debianPackage('testssl.sh');
  edge.write(AUTHORITY, authority);
  const output = ['--quiet', '--color', '0', '--warnings', 'off', '--jsonfile', REPORT];
  const target = [
    '--nodns',
    'none',
    '--ip',
    '127.0.0.1',
    '--add-ca',
    AUTHORITY,
    `https://${name}/ui/sign-in`,
  ];
  const { exitCode, stdout, stderr } = await edge.sandbox.attempt(
    ['bash', `${root}/usr/bin/testssl`, ...CHECKS, ...output, ...target],
    { env: { TESTSSL_INSTALL_DIR: `${root}/etc/testssl`, TMPDIR: '/var/tmp' } },
  );
  if (!edge.exists(REPORT)) throw new Error(`testssl.sh: exit code ${exitCode}\n${stdout}${stderr}`);
  return JSON.parse(edge.read(REPORT)) as Finding[];
}
