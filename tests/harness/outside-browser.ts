import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { quote } from 'zx';
import type { Network } from './network.ts';

/** The distribution's browser, quiet and without calls of its own. */
const PROGRAM = '/usr/bin/chromium';
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts a browser on the internet side of the network; `directory` takes the script that puts it there. */
export async function openBrowser(network: Network, directory: string): Promise<Browser> {
  const executablePath = join(directory, 'browser');
  const command = network.command(PROGRAM).map((word) => quote(word));
  writeFileSync(executablePath, `#!/bin/sh\nexec ${command.join(' ')} "$@"\n`, { mode: 0o755 });
  return chromium.launch({ executablePath, args: ARGUMENTS });
}
