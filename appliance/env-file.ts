/** An environment file that systemd would not read as it is meant; the message names file and line. */
export class EnvFileError extends Error {
  override readonly name = 'EnvFileError';
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const PLAIN_VALUE = /^[A-Za-z0-9_@%+=:,./~^-]*$/;
const QUOTED_ESCAPE = /\\(["\\`$])/g;

/**
 * Reads `NAME=value` lines as systemd's EnvironmentFile does: blank lines and lines that begin with # or ; are comments,
 * a value may be quoted, the last of two equal names wins. Stricter in one point: a line that systemd would skip with a
 * warning, or join with the next, is an error. `source` names the file in errors; values never appear in them.
 */
export function parseEnvFile(text: string, source: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [index, line] of text.split('\n').entries()) {
    const entry = parseLine(line, `${source} line ${index + 1}`);
    if (entry !== undefined) values[entry.name] = entry.value;
  }
  return values;
}

function parseLine(line: string, where: string): { name: string; value: string } | undefined {
  const trimmed = line.trim();
  if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) return undefined;
  const equals = trimmed.indexOf('=');
  if (equals < 0) throw new EnvFileError(`${where}: no '=' found; write NAME=value`);
  const name = trimmed.slice(0, equals).trim();
  if (!NAME.test(name)) {
    throw new EnvFileError(
      `${where}: the name before '=' may hold letters, digits and _ only, without 'export'; write NAME=value`,
    );
  }
  return { name, value: parseValue(trimmed.slice(equals + 1).trim(), where) };
}

function parseValue(raw: string, where: string): string {
  const quote = raw[0];
  if (quote !== '"' && quote !== "'") {
    if (raw.endsWith('\\'))
      throw new EnvFileError(`${where}: ends in a backslash; put the value in one line`);
    return raw.replace(/\\(.)/g, '$1');
  }
  const inner = raw.slice(1, -1);
  const closed = raw.length > 1 && raw.endsWith(quote);
  const stray = quote === "'" ? inner.includes("'") : /(?<!\\)(?:\\\\)*"/.test(inner);
  const escaped = quote === '"' && /(?<!\\)(?:\\\\)*\\$/.test(inner);
  if (!closed || stray || escaped) {
    throw new EnvFileError(
      `${where}: the quotes do not close at the end of the line; close them or leave them out`,
    );
  }
  return quote === "'" ? inner : inner.replace(QUOTED_ESCAPE, '$1');
}

/** One line for an environment file, without line end, quoted where systemd needs it. Throws EnvFileError for a value of two lines. */
export function envLine(name: string, value: string): string {
  if (!NAME.test(name)) throw new EnvFileError(`'${name}' is not the name of an environment variable`);
  if (/[\n\r\0]/.test(value))
    throw new EnvFileError(`${name}: an environment file holds no value with line ends or NUL`);
  return PLAIN_VALUE.test(value) ? `${name}=${value}` : `${name}="${value.replace(/["\\`$]/g, '\\$&')}"`;
}

/** The text with `name` set to `value`: its line replaced where there is one, else added at the end; all else as it was. */
export function withEnvValue(text: string, name: string, value: string): string {
  const line = envLine(name, value);
  const lines = text.split('\n');
  const found = lines.findLastIndex((candidate) => candidate.split('=', 1)[0]?.trim() === name);
  if (found >= 0) return lines.with(found, line).join('\n');
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`;
}
