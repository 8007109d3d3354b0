/** Writes generated/catalogue.json anew from the pinned content: `node sbom/cis/make-catalogue.ts`. */
import { writeFileSync } from 'node:fs';
import { runCommand } from '../../packer/index.ts';
import { catalogueFile } from './catalogue.ts';
import { catalogueText } from './catalogue-text.ts';
import { ensureScapContent } from './content.ts';

process.exitCode = await runCommand(async (work) => {
  writeFileSync(catalogueFile, await catalogueText(await ensureScapContent(work)));
});
