/** The operator's command, litellm-ctl. */
import { fileURLToPath } from 'node:url';
import { readMachineFacts } from '../appliance/index.ts';
import { hostOperator } from './host.ts';
import { exitCodes } from './operator.ts';
import { runCommandLine } from './run.ts';

// Whoever has read enough, as `head` does, closes the pipe: that is no fault, and there is nobody left to write to.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCodes.ok);
});

const facts = readMachineFacts(fileURLToPath(new URL('./appliance.json', import.meta.url)));
process.exitCode = await runCommandLine(hostOperator(facts), process.argv.slice(2));
