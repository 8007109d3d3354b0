import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, Hopeless, until } from '../../../packer/index.ts';
import { ensureAzurite, ensureTestPython } from './ensure-emulators.ts';

/** An emulator that runs, on loopback. */
export interface Emulator extends AsyncDisposable {
  readonly port: number;
}

const READY_MS = 120_000;

/** moto: EC2, EBS direct and S3, all at one address. */
export async function startMoto(): Promise<Emulator> {
  const python = await ensureTestPython();
  return start(python, (port) => ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)]);
}

/** A Google Cloud Storage with one empty bucket. */
export async function startStorage(bucket: string): Promise<Emulator> {
  const python = await ensureTestPython();
  return start(python, (port) => [
    ...['-m', 'gcp_storage_emulator', 'start', '--host', '127.0.0.1', '--port', String(port)],
    ...['--in-memory', '--default-bucket', bucket],
  ]);
}

/** Azurite's blob service, which takes bearer tokens and therefore speaks TLS. */
export async function startAzurite(identity: { cert: string; key: string }): Promise<Emulator> {
  const azurite = await ensureAzurite();
  const directory = mkdtempSync(join(tmpdir(), 'azurite-'));
  for (const name of ['cert', 'key'] as const)
    writeFileSync(join(directory, name), identity[name], { mode: 0o600 });
  const emulator = await start(process.execPath, (port) => [
    ...[azurite, '--blobHost', '127.0.0.1', '--blobPort', String(port), '--location', directory],
    ...['--oauth', 'basic', '--cert', join(directory, 'cert'), '--key', join(directory, 'key')],
    ...['--skipApiVersionCheck', '--disableTelemetry', '--silent'],
  ]);
  return {
    port: emulator.port,
    [Symbol.asyncDispose]: async () => {
      await emulator[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function start(program: string, argsFor: (port: number) => string[]): Promise<Emulator> {
  const port = await freePort(0);
  const child = spawn(program, argsFor(port), { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    said = `${said}${data}`.slice(-4000);
  });
  await until(`${program} answers`, READY_MS, async () => {
    if (child.exitCode !== null) throw new Hopeless(`${program} ended with ${child.exitCode}: ${said}`);
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
  });
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}
