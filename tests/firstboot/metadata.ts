/**
 * Runs on a bare machine: serves Azure's metadata at its true address, says `ready`, and runs the program of the
 * arguments beside it. Usage: node metadata.mjs FAKE-AZURE-AS-JSON PROGRAM [ARGUMENT...]
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { mustRun, runProgram } from '../../appliance/index.ts';
import { type FakeAzure, startMetadataService } from '../harness/imds.ts';

const METADATA_ADDRESS = '169.254.169.254';

const [azure = '', program = '', ...args] = process.argv.slice(2);
await mustRun(runProgram, 'ip', ['address', 'add', `${METADATA_ADDRESS}/32`, 'dev', 'lo']);
const handle = createServer().listen(80, METADATA_ADDRESS);
await once(handle, 'listening');
await using service = await startMetadataService({ ...(JSON.parse(azure) as FakeAzure), handle });
const { exitCode, stdout, stderr } = await runProgram(program, args);
process.stdout.write(`${stdout}\n${service.requests.join('\n')}\n`);
process.stderr.write(stderr);
process.exitCode = exitCode;
