/** `make image`: settings are BASE, TARGET, DRIVER, AUDIT, CIS_ENGINE, KEEP, UNTIL and PLAYBOOK in the environment. */
import { readFacts } from '../appliance/index.ts';
import { runCommand } from './command.ts';
import { makeImage } from './make-image.ts';
import { imageOptions } from './options.ts';

process.exitCode = await runCommand(async (work) => {
  const facts = readFacts();
  const options = imageOptions(process.env, facts);
  const directory = await makeImage(facts, options, work);
  work.log.note(`the ${options.until} is in ${directory}`);
});
