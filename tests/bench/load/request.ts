import type { Door } from '../peers/peer.ts';

const PROMPT = 'Say something kind about slow machines and about fast ones, in one sentence, please.';

/** The body of every request: short, as chat requests of a load test are. */
export function requestBody(model: string, stream: boolean): string {
  return JSON.stringify({
    model,
    messages: [{ role: 'user', content: PROMPT }],
    ...(stream && { stream: true }),
  });
}

/** A whole request, ready to be written to a socket as often as needed. */
export function requestBytes(door: Door, stream: boolean): Buffer {
  const body = requestBody(door.model, stream);
  const headers = {
    host: `127.0.0.1:${door.port}`,
    ...door.headers,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${door.path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}
