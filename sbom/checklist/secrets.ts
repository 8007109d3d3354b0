import { type CredentialField, credentialField } from '../../firstboot/index.ts';
import { type RouteDeclaration, routes } from '../../gateway/index.ts';
import { finding, type LooksByRow, lines, NotRun, said } from './look.ts';
import type { Guest, Subject } from './subject.ts';

/** Generated values, and how many characters each must have at least: 22 of base64 make 128 bits. */
const GENERATED = { masterKey: 22, saltKey: 22, databasePassword: 22, adminPassword: 20 } as const;
type Generated = keyof typeof GENERATED;
const NAMES = Object.keys(GENERATED) as Generated[];

/** Where a secret could have got to, as a command that prints everything there. */
const HIDING_PLACES = {
  journal: 'journalctl --no-pager --output=cat',
  'kernel log': 'dmesg',
  'logs, those of cloud-init and PostgreSQL among them':
    'find /var/log -type f -not -path "/var/log/journal/*" -exec cat {} +; find /run/cloud-init -type f -exec cat {} +',
  'process list': 'ps -eww -o args',
} as const;

/** What a request without a key gets: refused, sent to the sign-in, or not understood. */
const REFUSALS = [301, 302, 303, 307, 308, 401, 403, 404, 405, 415, 422, 400];

async function credentials(guest: Guest, { facts: { paths } }: Subject): Promise<Record<Generated, string>> {
  const text = await said(guest, `cat ${paths.credentials}`);
  const values = NAMES.map((name): [Generated, string] => [
    name,
    credentialField(text, name as CredentialField) ?? '',
  ]);
  const missing = values.filter(([, value]) => value === '').map(([name]) => name);
  if (missing.length > 0) throw new NotRun(`the credentials file does not tell ${missing.join(', ')}`);
  return Object.fromEntries(values) as Record<Generated, string>;
}

/** Everything on a machine that no other may have, by name. */
async function identityOf(guest: Guest, subject: Subject): Promise<Record<string, string>> {
  const { tls } = subject.facts.paths;
  return {
    ...(await credentials(guest, subject)),
    certificate: await said(guest, `openssl x509 -in ${tls}/cert.pem -noout -fingerprint -sha256`),
    'TLS key': await tlsKey(guest, subject),
    'machine-id': await said(guest, 'cat /etc/machine-id'),
    'database system': await said(
      guest,
      'cd / && sudo -u postgres psql -XAtqc "select system_identifier from pg_control_system()"',
    ),
  };
}

function tlsKey(guest: Guest, { facts: { paths } }: Subject): Promise<string> {
  return said(guest, `openssl x509 -in ${paths.tls}/cert.pem -noout -pubkey`);
}

/** What each route answers to somebody without a key; one program asks them all. */
async function statusesWithoutKey(
  guest: Guest,
  { ports }: Subject['facts'],
  routes: readonly RouteDeclaration[],
): Promise<number[]> {
  const asked = routes.map(({ method, url }) =>
    [
      `url = "https://127.0.0.1:${ports.https}${url.replace('*', 'any')}"`,
      method === 'HEAD' ? 'head' : `request = "${method}"`,
      ...(method === 'POST' ? ['header = "content-type: application/json"', 'data = "{}"'] : []),
      'output = "/dev/null"',
      'write-out = "%{http_code}\\n"',
      'insecure\nmax-time = 30',
    ].join('\n'),
  );
  const answers = await lines(guest, 'curl -sS --config -', asked.join('\nnext\n'));
  return answers.map(Number);
}

export const secrets: LooksByRow = {
  'SEC-01': {
    twins: async ([one, other], subject) => {
      const [first, second] = [await identityOf(one, subject), await identityOf(other, subject)];
      const names = Object.keys(first);
      return finding(
        names.join(', '),
        names.filter((name) => first[name] === second[name]).map((name) => `two machines share the ${name}`),
      );
    },
  },
  'SEC-02': {
    booted: async (guest, subject) => {
      const values = await credentials(guest, subject);
      const instance = await said(guest, 'cat /sys/class/dmi/id/product_uuid; cloud-init query instance_id');
      const ids = instance
        .toLowerCase()
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line.length > 7);
      if (ids.length === 0) throw new NotRun('the machine does not know its instance id');
      const promised = subject.facts.targets[subject.target]?.adminPassword === 'instance-id';
      const judged = NAMES.filter((name) => !(promised && name === 'adminPassword'));
      return finding(
        `${judged.join(', ')}${promised ? "; the first password is the instance id, as this target's listing promises" : ''}`,
        judged.filter((name) => values[name].length < GENERATED[name]).map((name) => `${name} is short`),
        judged
          .filter((name) => ids.some((id) => values[name].toLowerCase().includes(id)))
          .map((name) => `${name} holds the instance id`),
        new Set(judged.map((name) => values[name])).size === judged.length ? [] : 'two secrets are the same',
      );
    },
  },
  'SEC-03': {
    booted: async (guest, { facts: { paths } }) => {
      const stat = await said(guest, `stat -c '%a %U:%G' ${paths.credentials}`);
      return finding(
        `${paths.credentials} ${stat}`,
        stat === '600 root:root' ? [] : `${paths.credentials} is ${stat}`,
        paths.credentials.startsWith('/var/log/') ? `${paths.credentials} lies among the logs` : [],
      );
    },
  },
  'SEC-04': {
    booted: async (guest, subject) => {
      const values = Object.values(await credentials(guest, subject));
      const faults: string[] = [];
      for (const [place, command] of Object.entries(HIDING_PLACES)) {
        const search = `umask 077; n=$(mktemp) && cat > "$n" && h=$(mktemp) && { ${command}; } > "$h" 2>/dev/null; test -s "$h" || exit 9; grep -aqF -f "$n" "$h"; c=$?; rm -f "$n" "$h"; exit $c`;
        const { code } = await guest.run(search, `${values.join('\n')}\n`);
        if (code === 0) faults.push(`a secret is in the ${place}`);
        else if (code !== 1) throw new NotRun(`the search in the ${place} ended with ${code}`);
      }
      return finding(Object.keys(HIDING_PLACES).join(', '), faults);
    },
  },
  'SEC-05': {
    booted: async (guest, { facts }) => {
      const closed = Object.values(routes as Record<string, RouteDeclaration>).filter(
        ({ access }) => access !== 'public',
      );
      const statuses = await statusesWithoutKey(guest, facts, closed);
      const faults = closed.flatMap(({ access, method, url }, index) => {
        const status = statuses[index] ?? 0;
        const isForm = access === 'ui' && method === 'GET';
        const refused = REFUSALS.includes(status) || (isForm && status === 200);
        return refused ? [] : [`${method} ${url} answers ${status} without a key`];
      });
      return finding(`${closed.length} routes`, faults);
    },
  },
  'SEC-06': {
    booted: async (guest, { facts: { ports } }) => {
      const answer = await said(
        guest,
        `curl -sS -m 30 -o /dev/null -w '%{http_code} %{redirect_url}' http://127.0.0.1:${ports.http}/v1/models`,
      );
      return finding(
        answer,
        /^30[178] https:\/\//.test(answer) ? [] : `port ${ports.http} answers ${answer}`,
      );
    },
    twins: async ([one, other], subject) => {
      const same = (await tlsKey(one, subject)) === (await tlsKey(other, subject));
      return finding('the TLS keys of two machines', same ? 'two machines share the TLS key' : []);
    },
  },
  'SEC-07': {
    booted: () => {
      throw new NotRun('there is no metadata service here that refuses its first version');
    },
  },
  'SEC-08': {
    booted: async (guest, { facts: { users } }) => {
      const ask = "curl -sS -m 10 -o /dev/null -w '%{http_code}' http://169.254.169.254/";
      const asRoot = await guest.run(ask);
      if (asRoot.code !== 0) throw new NotRun('no metadata service answers root either');
      const { code, stdout } = await guest.run(
        `setpriv --reuid=${users.service} --regid=${users.service} --init-groups -- ${ask}`,
      );
      return finding(
        `root: ${asRoot.stdout.trim()}, ${users.service}: curl ended with ${code}`,
        code === 0 ? `${users.service} reaches the metadata service (${stdout.trim()})` : [],
      );
    },
  },
};
