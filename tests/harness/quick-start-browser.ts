import type { Page } from 'playwright-core';

/** What the quick start tells to do in a browser: one line each. */
export type BrowserAct =
  | { readonly act: 'Open'; readonly url: string }
  | { readonly act: 'Fill'; readonly label: string; readonly value: string }
  | { readonly act: 'Press'; readonly button: string }
  | { readonly act: 'See'; readonly heading: string };

/** Reads a line. Throws when it is no instruction: nobody would follow it. */
export function parseBrowserLine(line: string): BrowserAct {
  const [, url] = /^Open (https?:\/\/\S+)$/.exec(line) ?? [];
  if (url !== undefined) return { act: 'Open', url };
  const [, label, value] = /^Fill "([^"]+)" with (\S.*)$/.exec(line) ?? [];
  if (label !== undefined && value !== undefined) return { act: 'Fill', label, value };
  const [, button] = /^Press "([^"]+)"$/.exec(line) ?? [];
  if (button !== undefined) return { act: 'Press', button };
  const [, heading] = /^See "([^"]+)"$/.exec(line) ?? [];
  if (heading !== undefined) return { act: 'See', heading };
  throw new Error(
    `'${line}' is nothing to do in a browser: write Open URL, Fill "…" with …, Press "…" or See "…"`,
  );
}

/** Does what the lines say, one after the other; returns the headings that were seen. */
export async function follow(page: Page, lines: string): Promise<string[]> {
  const seen: string[] = [];
  for (const line of lines.split('\n')) {
    const step = parseBrowserLine(line);
    switch (step.act) {
      case 'Open':
        await page.goto(step.url);
        break;
      case 'Fill':
        await page.getByLabel(step.label, { exact: true }).fill(step.value);
        break;
      case 'Press':
        await page.getByRole('button', { name: step.button, exact: true }).click();
        break;
      case 'See':
        await page.getByRole('heading', { level: 1, name: step.heading, exact: true }).waitFor();
        seen.push(step.heading);
    }
  }
  return seen;
}
