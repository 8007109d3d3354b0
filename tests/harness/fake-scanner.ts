import { chmodSync, writeFileSync } from 'node:fs';

/** Writes a program that stands where a scanner should and does something else; `$report` is the file it was told to write. */
export function writeFakeScanner(path: string, script: string): string {
  const findReport = 'while [ $# -gt 0 ]; do case $1 in --output) report=$2;; esac; shift; done';
  writeFileSync(path, `#!/bin/sh\n${findReport}\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}
