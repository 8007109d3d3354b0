import { expect, test } from 'vitest';
import { explainFailure, type Surroundings } from './explain.ts';

const around: Surroundings = {
  server: 'https://acme.example/directory',
  own: ['203.0.113.7', '10.0.0.4'],
  leadTo: { 'gw.example.test': ['198.51.100.9'], 'here.example.test': ['203.0.113.7'] },
};

/** As certbot prints what an authority says about names. */
function challenge(...problems: [name: string, type: string, detail: string][]): string {
  const told = problems.map(
    ([name, type, detail]) => `  Domain: ${name}\n  Type:   ${type}\n  Detail: ${detail}\n`,
  );
  return `Requesting a certificate for names

Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority reported these problems:
${told.join('\n')}
Hint: The Certificate Authority failed to download the temporary challenge files created by Certbot.

Some challenges have failed.
Ask for help or search for solutions at https://community.letsencrypt.org. See the logfile for more details.
`;
}

test.each<[string, string, string, RegExp, RegExp]>([
  [
    'a name without an address',
    challenge(['gw.example.test', 'dns', 'DNS problem: NXDOMAIN looking up A for gw.example.test']),
    '',
    /^the authority finds no address for gw\.example\.test: DNS problem/,
    /make an A or AAAA record .* \(203\.0\.113\.7, 10\.0\.0\.4\)/,
  ],
  [
    'a name without an address, as a smaller authority says it',
    challenge(['gw.example.test', 'connection', 'lookup gw.example.test on 127.0.0.1:53: no such host']),
    '',
    /^the authority finds no address for gw/,
    /make an A or AAAA record/,
  ],
  [
    'a closed port, and a name that leads elsewhere',
    challenge(['gw.example.test', 'connection', 'Timeout during connect (likely firewall problem)']),
    '',
    /cannot reach port 80 of gw\.example\.test; it leads to 198\.51\.100\.9, and this machine is 203\.0\.113\.7, 10/,
    /let everybody reach port 80/,
  ],
  [
    'a closed port of this machine',
    challenge(['here.example.test', 'connection', 'Connection refused']),
    '',
    /^the authority cannot reach port 80 of here\.example\.test: Connection refused$/,
    /let everybody reach port 80/,
  ],
  [
    'somebody else',
    challenge(['gw.example.test', 'unauthorized', '198.51.100.9: Invalid response from http://gw: 404']),
    '',
    /^somebody else answers for gw\.example\.test; it leads to 198\.51\.100\.9/,
    /correct the DNS records of gw\.example\.test, IPv6/,
  ],
  [
    'a CAA record',
    challenge(['gw.example.test', 'caa', 'CAA record for gw.example.test prevents issuance']),
    '',
    /lets other authorities only/,
    /CAA records/,
  ],
  [
    'anything else about a name',
    challenge(['gw.example.test', 'tls', 'handshake failure']),
    '',
    /did not accept gw\.example\.test \(tls\): handshake failure/,
    /letsencrypt\.log/,
  ],
  [
    'a rate limit',
    'An unexpected error occurred:\nToo many certificates already issued for this set of domains: gw.example.test, retry after 2026-11-29\n',
    '',
    /rate limit is reached: Too many certificates .* retry after 2026-11-29/,
    /wait until the time that it names/,
  ],
  [
    'a refused nonce that certbot hides behind a fault of its own',
    "An unexpected error occurred:\nAttributeError: can't set attribute\n",
    '{\n "meta": {\n  "externalAccountRequired": false\n }\n}\n{\n "type": "urn:ietf:params:acme:error:badNonce",\n}\n',
    /refused the nonce/,
    /try again in a minute/,
  ],
  [
    'an authority that has forgotten the account',
    "An unexpected error occurred:\nAttributeError: can't set attribute\n",
    'urn:ietf:params:acme:error:badNonce :: retried\nacme.messages.Error: urn:ietf:params:acme:error:accountDoesNotExist :: no account',
    /^https:\/\/acme\.example\/directory does not know this machine's account/,
    /rm -r \/etc\/letsencrypt\/accounts\/acme\.example\/directory, then again/,
  ],
  [
    'an authority that cannot be reached',
    'An unexpected error occurred:\nValueError: Requesting acme.example/directory: Connection refused\n',
    '',
    /^https:\/\/acme\.example\/directory cannot be reached: ValueError: Requesting/,
    /curl -v https:\/\/acme\.example\/directory/,
  ],
  [
    'an authority whose own certificate nobody knows',
    'requests.exceptions.SSLError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed\n',
    '',
    /does not know who vouches for https:\/\/acme\.example/,
    /--authority FILE/,
  ],
  [
    'an authority that wants an account of its own',
    'urn:ietf:params:acme:error:externalAccountRequired :: external account binding',
    '',
    /wants an account of its own/,
    /certbot register --server https:\/\/acme\.example\/directory --eab-kid/,
  ],
  ['another certbot', 'Another instance of Certbot is already running.', '', /runs already/, /wait/],
  [
    'nginx',
    'The nginx plugin is not working; there may be problems with your existing configuration.',
    '',
    /nginx could not be changed/,
    /nginx -t/,
  ],
  ['what nobody has foreseen', 'one\ntwo\nAsk for help\n', '', /^certbot failed: two$/, /letsencrypt\.log/],
])('%s is told in a line', (_title, output, log, message, remedy) => {
  const told = explainFailure(output, log, around);
  expect(told.message).toMatch(message);
  expect(told.remedy).toMatch(remedy);
});

test('every name that was not accepted is told', () => {
  const output = challenge(
    ['gw.example.test', 'dns', 'NXDOMAIN'],
    ['here.example.test', 'connection', 'reset'],
  );
  const { message, remedy } = explainFailure(output, '', around);
  expect(remedy).toMatch(/^make an A or AAAA record .*\n {2}let everybody reach port 80/);
  expect(message).toMatch(
    /no address for gw\.example\.test.*\n {2}the authority cannot reach port 80 of here/,
  );
});
