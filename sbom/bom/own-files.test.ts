import { expect, test } from 'vitest';
import { sha256 } from '../../packer/index.ts';
import { SmallTree } from '../../tests/harness/small-tree.ts';
import { ownFiles, type Sources } from './own-files.ts';

/** A role that installs what was made for it; another with a file, a template, and a script for the bake alone. */
function writeSources(host: SmallTree): Sources {
  host.write('/payload/gateway/opt/program.mjs', 'program');
  host.write('/roles/base/files/etc/base.conf', 'base');
  host.write('/roles/base/files/only-in-the-bake.sh', '#!/bin/sh');
  host.write('/roles/base/templates/etc/ssh/sshd.conf.j2', 'Port {{ port }}');
  host.write('/roles/base/tasks/main.yml', '---');
  return { payload: `${host.path}/payload`, roles: `${host.path}/roles` };
}

test('files of ours are those of the payload and of the roles, as they lie in the image', async () => {
  using tree = new SmallTree();
  using host = new SmallTree();
  const sources = writeSources(host);
  tree.write('/opt/program.mjs', 'program');
  tree.write('/etc/base.conf', 'base');
  tree.write('/etc/ssh/sshd.conf', 'Port 22');
  expect(await ownFiles(tree.path, sources)).toEqual([
    { path: '/etc/base.conf', sha256: sha256('base') },
    { path: '/etc/ssh/sshd.conf', sha256: sha256('Port 22') },
    { path: '/opt/program.mjs', sha256: sha256('program') },
  ]);
});

test.each([
  ['that did not arrive', undefined, '/opt/program.mjs is not in the image'],
  [
    'that was changed on its way',
    'another',
    '/opt/program.mjs is in the image with other content than was made',
  ],
])('a file of the payload %s is refused', async (_, arrived, message) => {
  using tree = new SmallTree();
  using host = new SmallTree();
  const sources = writeSources(host);
  if (arrived !== undefined) tree.write('/opt/program.mjs', arrived);
  await expect(ownFiles(tree.path, sources)).rejects.toThrow(message);
});
