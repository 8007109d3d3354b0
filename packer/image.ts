/** `make image`: settings are BASE, TARGET, DRIVER, AUDIT, CIS_ENGINE, KEEP and PLAYBOOK in the environment. */
import { readFacts } from '../appliance/index.ts';
import { runCommand } from './command.ts';
import { makeImage } from './make-image.ts';
import { imageOptions } from './options.ts';

process.exitCode = await runCommand(async (work) => {
  const facts = readFacts();
  const directory = await makeImage(facts, imageOptions(process.env, facts), work);
  work.log.note(`the image is in ${directory}`);
});
