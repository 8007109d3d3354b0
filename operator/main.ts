/** The operator's command, litellm-ctl. */
import { fileURLToPath } from 'node:url';
import { readMachineFacts } from '../appliance/index.ts';
import { hostOperator } from './host.ts';
import { runCommandLine } from './run.ts';

const facts = readMachineFacts(fileURLToPath(new URL('./appliance.json', import.meta.url)));
process.exitCode = await runCommandLine(hostOperator(facts), process.argv.slice(2));
