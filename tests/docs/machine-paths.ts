import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { machineFacts, readFacts } from '../../appliance/index.ts';
import { layoutOf } from '../../firstboot/index.ts';
import { renderBans, renderEdge } from '../../nginx/index.ts';
import { egressRuleFiles, manifestPaths } from '../../operator/index.ts';
import { cisDocuments, sbomPath } from '../../sbom/index.ts';
import { renderUnits } from '../../systemd/index.ts';
import { root } from './pages.ts';

const facts = machineFacts(readFacts(), 'debian-13', 'qemu', 'test');

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Paths of what a role copies or renders: it lies in the role where it lies on the machine. */
function fromRoles(): string[] {
  return filesBelow(join(root, 'ansible/roles')).flatMap((file) => {
    const path = /\/(?:files|templates)(\/.+?)(?:\.j2)?$/.exec(file)?.[1];
    return path === undefined ? [] : [path];
  });
}

/** Every path that a bake or the first boot puts on the machine and that somebody has written down. */
export function machinePaths(): ReadonlySet<string> {
  const rendered = [
    ...renderUnits(facts),
    ...renderEdge(facts),
    ...renderBans(facts),
    ...cisDocuments(facts),
  ];
  const { manifest, signature } = manifestPaths(facts);
  return new Set([
    ...Object.values(facts.paths),
    ...Object.values(layoutOf(facts)),
    ...Object.values(egressRuleFiles(facts)),
    ...rendered.map(({ path }) => path),
    ...fromRoles(),
    ...[sbomPath(facts), manifest, signature],
  ]);
}
