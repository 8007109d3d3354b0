/** Takes the listing's picture of the admin UI anew. Usage: node tests/browser/take-picture.ts */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ensureTools } from '../../packer/index.ts';
import { pictureFile, pictureOfAdminUi } from '../harness/admin-ui-picture.ts';

await ensureTools('edge', 'browser');
mkdirSync(dirname(pictureFile), { recursive: true });
writeFileSync(pictureFile, await pictureOfAdminUi());
