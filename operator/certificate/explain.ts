import { accountsOf, CERTBOT_LOG } from './lineages.ts';

/** What certbot did not do, and what to do about it. */
export interface Explanation {
  readonly message: string;
  readonly remedy: string;
}

/** What this machine knows about itself and about the names that were asked for. */
export interface Surroundings {
  readonly server: string;
  /** Addresses at which others may reach this machine. */
  readonly own: readonly string[];
  /** What the names lead to, as this machine sees it. */
  readonly leadTo: Readonly<Record<string, readonly string[]>>;
}

/** What the authority says about one name. */
interface Problem {
  readonly name: string;
  readonly type: string;
  readonly detail: string;
}

const PROBLEM =
  /^ *(?:Domain|Identifier): *(?<name>\S+)\n *Type: *(?<type>\S+)\n *Detail: *(?<detail>[^\n]+)/gm;
const NO_ADDRESS = /NXDOMAIN|no such host|no valid A|lookup |SERVFAIL|resolving/i;

function problemsIn(output: string): Problem[] {
  return [...output.matchAll(PROBLEM)].map(({ groups = {} }) => groups as unknown as Problem);
}

function listed(addresses: readonly string[]): string {
  return addresses.length === 0 ? 'no address' : addresses.join(', ');
}

/** Where the name leads, when that is not here: behind a proxy or NAT that may be right, else it is the cause. */
function elsewhere(name: string, { own, leadTo }: Surroundings): string {
  const found = leadTo[name] ?? [];
  if (found.some((address) => own.includes(address))) return '';
  return `; it leads to ${listed(found)}, and this machine is ${listed(own)}`;
}

function explainProblem({ name, type, detail }: Problem, around: Surroundings): Explanation {
  if (type === 'dns' || NO_ADDRESS.test(detail)) {
    return {
      message: `the authority finds no address for ${name}: ${detail}`,
      remedy: `make an A or AAAA record for ${name} that leads to this machine (${listed(around.own)}), wait until it is known, then again`,
    };
  }
  if (type === 'connection') {
    return {
      message: `the authority cannot reach port 80 of ${name}${elsewhere(name, around)}: ${detail}`,
      remedy: `let everybody reach port 80 (the cloud's security group, and here: ufw status), and see that ${name} leads to this machine`,
    };
  }
  if (type === 'unauthorized') {
    return {
      message: `somebody else answers for ${name}${elsewhere(name, around)}: ${detail}`,
      remedy: `correct the DNS records of ${name}, IPv6 (AAAA) too; a proxy before this machine has to pass /.well-known/acme-challenge/ on`,
    };
  }
  if (type === 'caa') {
    return {
      message: `the DNS of ${name} lets other authorities only issue for it: ${detail}`,
      remedy: `add this authority to the CAA records of ${name}, or name the right one with --server`,
    };
  }
  return {
    message: `the authority did not accept ${name} (${type}): ${detail}`,
    remedy: `read ${CERTBOT_LOG}`,
  };
}

type Rule = readonly [pattern: RegExp, explain: (line: string, around: Surroundings) => Explanation];

/** What is told by the words of certbot's output or, where that hides it, of its log. First match wins. */
const rules: readonly Rule[] = [
  [
    /rateLimited|too many (?:certificates|failed|new orders|registrations|requests)/i,
    (line) => ({
      message: `the authority's rate limit is reached: ${line}`,
      remedy:
        "wait until the time that it names; for trials use another directory, such as Let's Encrypt's staging, with --server",
    }),
  ],
  [
    /badNonce|JWS has an invalid anti-replay nonce/i,
    () => ({
      message: 'the authority refused the nonce of the request, twice in a row',
      remedy: 'nothing is wrong here; try again in a minute',
    }),
  ],
  [
    /accountDoesNotExist/,
    (_line, { server }) => ({
      message: `${server} does not know this machine's account any more`,
      remedy: `forget it: rm -r ${accountsOf(new URL(server))}, then again with --email or --no-email, and --agree-tos`,
    }),
  ],
  [
    /CERTIFICATE_VERIFY_FAILED|certificate verify failed/i,
    (_line, { server }) => ({
      message: `this machine does not know who vouches for ${server}`,
      remedy: 'name the certificate of the authority that signed its own: --authority FILE',
    }),
  ],
  [
    /externalAccountRequired|external account binding/i,
    (_line, { server }) => ({
      message: `${server} wants an account of its own to be named first`,
      remedy: `certbot register --server ${server} --eab-kid ID --eab-hmac-key KEY --agree-tos -m ADDRESS, then again`,
    }),
  ],
  [
    /rejectedIdentifier|Cannot issue for|policy forbids/i,
    (line) => ({
      message: `the authority does not issue for this name: ${line}`,
      remedy: 'use a name below a public domain, or install a certificate of your own with --install',
    }),
  ],
  [
    /Another instance of Certbot is already running/i,
    () => ({ message: 'certbot runs already', remedy: 'wait until it has ended, then again' }),
  ],
  [
    /nginx.*(?:not working|misconfigur)|nginx: \[emerg\]|Could not install|Error while running nginx/i,
    (line) => ({
      message: `nginx could not be changed: ${line}`,
      remedy: 'nginx -t, correct it, then again',
    }),
  ],
  [
    /Requesting \S+: |Connection refused|Name or service not known|Temporary failure in name|timed out|unreachable/i,
    (line, { server }) => ({
      message: `${server} cannot be reached: ${line}`,
      remedy: `see what is in the way: curl -v ${server}`,
    }),
  ],
];

function lineWith(text: string, pattern: RegExp): string | undefined {
  return text
    .split('\n')
    .find((line) => pattern.test(line))
    ?.trim();
}

/** Makes sense of a certbot that has failed. `log` is what it wrote about this run. */
export function explainFailure(output: string, log: string, around: Surroundings): Explanation {
  const problems = problemsIn(output).map((problem) => explainProblem(problem, around));
  if (problems.length > 0) {
    return {
      message: problems.map(({ message }) => message).join('\n  '),
      remedy: [...new Set(problems.map(({ remedy }) => remedy))].join('\n  '),
    };
  }
  // An error before the last one may have been got over.
  const lastError = log.split('\n').findLast((line) => line.includes('urn:ietf:params:acme:error:')) ?? '';
  for (const text of [output, lastError]) {
    for (const [pattern, explain] of rules) {
      const line = lineWith(text, pattern);
      if (line !== undefined) return explain(line, around);
    }
  }
  const last = output
    .trim()
    .split('\n')
    .findLast((line) => line !== '' && !line.startsWith('Ask for help'));
  return { message: `certbot failed: ${last ?? 'it said nothing'}`, remedy: `read ${CERTBOT_LOG}` };
}
