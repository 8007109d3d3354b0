import { exitCodes, type Operator, OperatorError } from '../operator.ts';
import { address } from './networks.ts';

/** An address that fail2ban keeps out. */
export interface Ban {
  readonly jail: string;
  readonly address: string;
  /** As fail2ban writes it, in the machine's time. */
  readonly until: string;
}

async function fail2ban({ machine }: Operator, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await machine.run('fail2ban-client', args);
  if (exitCode === 0) return stdout;
  throw new OperatorError(
    `fail2ban does not answer: ${(stderr || stdout).trim().split('\n').at(-1)}`,
    'systemctl restart fail2ban; journalctl -b -u fail2ban',
  );
}

/** Names after `Jail list:`, as `fail2ban-client status` prints them. */
export function jailsIn(status: string): string[] {
  const list = /Jail list:\s*(.*)$/m.exec(status)?.[1] ?? '';
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** Bans in the lines of `get JAIL banip --with-time`: address, tab, `BEGIN + SECONDS = END`. */
export function bansIn(jail: string, listed: string): Ban[] {
  return listed
    .split('\n')
    .map((line) => /^(\S+)\s.*= (.+)$/.exec(line.trim()))
    .flatMap((match) => (match === null ? [] : [{ jail, address: match[1] ?? '', until: match[2] ?? '' }]));
}

/** Everyone who is banned now, jail by jail. Throws OperatorError when fail2ban does not answer. */
export async function readBans(operator: Operator): Promise<Ban[]> {
  const bans: Ban[] = [];
  for (const jail of jailsIn(await fail2ban(operator, 'status'))) {
    bans.push(...bansIn(jail, await fail2ban(operator, 'get', jail, 'banip', '--with-time')));
  }
  return bans;
}

/** `litellm-ctl access bans`. */
export async function showBans(operator: Operator, json: boolean): Promise<number> {
  const bans = await readBans(operator);
  const lines = bans.map(({ jail, address, until }) => `${address}  by ${jail} until ${until}\n`);
  const text = bans.length === 0 ? 'nobody is banned\n' : lines.join('');
  operator.write(json ? `${JSON.stringify(bans, null, 2)}\n` : text);
  return exitCodes.ok;
}

/** `litellm-ctl access unban ADDRESS`: in every jail. Whoever is not banned is not either way. */
export async function unban(operator: Operator, text: string, json: boolean): Promise<number> {
  const one = address(text);
  const count = Number(await fail2ban(operator, 'unban', one));
  const wasBanned = count > 0;
  const told = wasBanned ? `${one} may call again\n` : `${one} was not banned\n`;
  operator.write(json ? `${JSON.stringify({ address: one, wasBanned }, null, 2)}\n` : told);
  return exitCodes.ok;
}
