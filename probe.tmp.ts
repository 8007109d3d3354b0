import { writeFileSync, mkdirSync } from 'node:fs';
import { bundlePrograms, installedPackages } from './packer/index.ts';
import { rehearsalKey, signManifest } from './sbom/index.ts';
import { readFacts } from './appliance/index.ts';
const T = '/work/scratch/evidence/open/tree';
for (const b of await bundlePrograms()) if (b.name === 'litellm-ctl.mjs') writeFileSync(T + '/opt/litellm/litellm-ctl.mjs', b.code);
mkdirSync(T + '/etc/lynxroute', { recursive: true });
writeFileSync(T + '/etc/lynxroute/sbom.json', '{}');
console.log(signManifest({ tree: T, facts: readFacts(), manifest: { name: 'litellm-appliance', version: '0.1.0', base: 'debian-13', target: 'qemu', commit: 'probe', packages: installedPackages(T) } as never }, rehearsalKey('/work/scratch/evidence/rehearsal.pem')));
