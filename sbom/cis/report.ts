import { readFileSync, writeFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import { Failure, programFailure, shellFor } from '../../packer/index.ts';

/** Writes OpenSCAP's HTML report of an ARF, with a first line that says how the scan was made. */
export async function writeReport(
  arf: string,
  html: string,
  how: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await shellFor(signal)`oscap xccdf generate report --output ${html} ${arf}`;
  } catch (error) {
    throw programFailure(error, `see whether ${arf} is whole`);
  }
  writeFileSync(html, withFirstLine(readFileSync(html, 'utf8'), how));
}

/** The page with one line of text at its top, which a reader sees first. */
export function withFirstLine(page: string, line: string): string {
  // The page has scripts that hold tags in quotes, all of them in its head.
  const body = page.indexOf('<body', page.indexOf('</head>'));
  const begin = page.indexOf('>', body) + 1;
  if (body === -1 || begin === 0) throw new Failure('the report has no body', 'see what oscap wrote');
  const text = Handlebars.escapeExpression(line);
  return `${page.slice(0, begin)}<p style="margin:1em;font-weight:bold">${text}</p>${page.slice(begin)}`;
}
