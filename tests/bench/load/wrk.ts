import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { $ } from 'zx';
import type { Door } from '../peers/peer.ts';
import { requestBody } from './request.ts';

export const CONNECTIONS = 50;
const MARK = 'bench:';

export interface WrkResult {
  readonly requests: number;
  readonly seconds: number;
  /** Answers other than 2xx and 3xx, and connections that broke. */
  readonly failures: number;
}

/** Lua has the escapes that JSON has for the plain text used here. */
const quoted = (text: string): string => JSON.stringify(text);

function script(door: Door): string {
  const headers = { ...door.headers, 'content-type': 'application/json' };
  return `
wrk.method = "POST"
wrk.body = ${quoted(requestBody(door.model, false))}
${Object.entries(headers)
  .map(([name, value]) => `wrk.headers[${quoted(name)}] = ${quoted(value)}`)
  .join('\n')}
done = function(summary)
  local e = summary.errors
  io.write(string.format("${MARK}%d %d %d\\n", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout))
end
`;
}

/** Reads what the script above prints at the end. */
export function readResult(output: string): WrkResult {
  const line = output.split('\n').find((text) => text.startsWith(MARK));
  if (line === undefined) throw new Error(`wrk printed no result: ${output.slice(-500)}`);
  const [requests = 0, micros = 0, failures = 0] = line.slice(MARK.length).split(' ').map(Number);
  return { requests, seconds: micros / 1e6, failures };
}

/** As many requests as the server answers, on a fixed number of connections. */
export async function saturate(door: Door, seconds: number, scratch: string): Promise<WrkResult> {
  const file = join(scratch, 'wrk.lua');
  writeFileSync(file, script(door), { mode: 0o600 });
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--timeout', '10s', '-s', file];
  const { stdout } = await $({ quiet: true })`wrk ${args} ${`http://127.0.0.1:${door.port}${door.path}`}`;
  return readResult(stdout);
}
