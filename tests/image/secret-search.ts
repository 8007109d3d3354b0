import type { Machine } from '../../packer/index.ts';
import { facts } from './appliance.ts';

const NEEDLES = '/run/needles';
const HAYSTACK = '/run/haystack';

/** Where a secret could have got to on a machine: a shell command each, that prints everything there. */
const hidingPlaces = {
  journal: 'journalctl --no-pager --output=cat',
  'kernel log': 'dmesg',
  'cloud-init': 'cat /var/log/cloud-init*.log; find /run/cloud-init /var/lib/cloud -type f -exec cat {} +',
  'PostgreSQL log': 'cat /var/log/postgresql/*.log',
  'other logs': 'find /var/log -type f -not -path "/var/log/journal/*" -exec cat {} +',
  'process list': 'ps -eww -o args',
  database: 'cd / && sudo -u postgres pg_dumpall',
  "first boot's journal": `cat ${facts.paths.firstbootState}/*`,
  'files that everybody may read':
    'find /etc /opt /usr/local /var /home /tmp /run /root -xdev -type f -perm /o=r -size -8M -exec cat {} +',
} as const;

export type HidingPlace = keyof typeof hidingPlaces;

/**
 * Searches a machine for secrets and returns the places where one was found. A place with nothing to search is an
 * error: then the search has missed it.
 */
export async function placesHolding(
  machine: Machine,
  secrets: readonly string[],
  places: readonly HidingPlace[] = Object.keys(hidingPlaces) as HidingPlace[],
): Promise<HidingPlace[]> {
  await machine.succeed(`umask 077; cat > ${NEEDLES}`, secrets.map((secret) => `${secret}\n`).join(''));
  const found: HidingPlace[] = [];
  for (const place of places) {
    await machine.succeed(
      `umask 077; { ${hidingPlaces[place]}; } > ${HAYSTACK} 2>/dev/null; test -s ${HAYSTACK}`,
    );
    const { code, stderr } = await machine.run(`grep -aqF -f ${NEEDLES} ${HAYSTACK}`);
    if (code === 0) found.push(place);
    else if (code !== 1) throw new Error(`the search of '${place}' failed: ${stderr}`);
  }
  await machine.succeed(`rm ${NEEDLES} ${HAYSTACK}`);
  return found;
}
