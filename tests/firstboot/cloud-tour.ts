/**
 * Runs on a bare machine after its first boot: brings it into one cloud after the other, lets the shipped program look
 * up its address there, and prints, as JSON, what file and certificate say then.
 */
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readMachineFacts, runProgram } from '../../appliance/index.ts';
import { type CloudName, layoutOf } from '../../firstboot/index.ts';
import { cloudFirmware, dmiFiles } from '../harness/cloud-firmware.ts';
import { cloudNames, fakeClouds, instanceIn } from '../harness/metadata/fake-clouds.ts';
import { startMetadataService } from '../harness/metadata/service.ts';
import { listenAt, USUAL_PLACE } from './metadata-place.ts';

export interface Stop {
  readonly exitCode: number | null;
  readonly output: string;
  readonly violations: readonly string[];
  readonly credentials: string;
  readonly certificateNames: string;
}

const DMI = '/sys/class/dmi/id';
const facts = readMachineFacts('/opt/litellm/appliance.json');

function moveTo(cloud: CloudName): void {
  for (const name of readdirSync(DMI)) rmSync(`${DMI}/${name}`);
  for (const [name, text] of Object.entries(dmiFiles(cloudFirmware[cloud])))
    writeFileSync(`${DMI}/${name}`, text);
}

async function stopAt(cloud: CloudName): Promise<Stop> {
  moveTo(cloud);
  const handles = await listenAt([USUAL_PLACE]);
  await using service = await startMetadataService(fakeClouds[cloud](instanceIn(cloud)), { handles });
  const { exitCode, stdout, stderr } = await runProgram('/opt/litellm/bin/node', [
    '/opt/litellm/firstboot.mjs',
    'address',
  ]);
  const certificate = new X509Certificate(readFileSync(layoutOf(facts).certificate));
  return {
    exitCode,
    output: `${stdout}${stderr}`,
    violations: service.violations,
    credentials: readFileSync(facts.paths.credentials, 'utf8'),
    certificateNames: certificate.subjectAltName ?? '',
  };
}

const stops: [CloudName, Stop][] = [];
for (const cloud of cloudNames) stops.push([cloud, await stopAt(cloud)]);
process.stdout.write(`${JSON.stringify(Object.fromEntries(stops))}\n`);
