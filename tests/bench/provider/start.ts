import { fileURLToPath } from 'node:url';
import { firstAnswer } from '../first-answer.ts';
import { direct } from '../peers/direct.ts';
import { type Plan, PROVIDER_PORT, siteOf } from '../plan.ts';
import { startProgram } from '../program.ts';

/** Starts the fake provider, and returns once it answers. */
export async function startProvider(plan: Plan): Promise<void> {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const site = siteOf(plan, 'provider', 0);
  const program = startProgram(process.execPath, [main, String(PROVIDER_PORT)], { log: site.log });
  const { door } = (await direct.open(site)).start();
  await firstAnswer('the fake provider', { door, cutDoor: door, program });
}
