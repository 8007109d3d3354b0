/**
 * Runs on a bare machine: serves a cloud's metadata at its true address and runs a program beside it.
 * Usage: node metadata.mjs SERVED-AS-JSON PROGRAM [ARGUMENT...]
 */
import { runProgram } from '../../appliance/index.ts';
import type { CloudName } from '../../firstboot/index.ts';
import type { FakeInstance } from '../harness/metadata/fake-cloud.ts';
import { fakeClouds } from '../harness/metadata/fake-clouds.ts';
import { type ServiceOptions, startMetadataService } from '../harness/metadata/service.ts';
import { listenAt, USUAL_PLACE } from './metadata-place.ts';

/** What is served. */
export interface Served extends Pick<ServiceOptions, 'faults' | 'always'> {
  readonly cloud: CloudName;
  readonly instance: FakeInstance;
}

const [served = '', program = '', ...args] = process.argv.slice(2);
const { cloud, instance, ...options } = JSON.parse(served) as Served;
const handles = await listenAt([USUAL_PLACE]);
await using service = await startMetadataService(fakeClouds[cloud](instance), { ...options, handles });
const { exitCode, stdout, stderr } = await runProgram(program, args);
process.stdout.write(`${stdout}\n${service.requests.join('\n')}\n`);
process.stderr.write([stderr, ...service.violations].join('\n'));
process.exitCode = exitCode;
