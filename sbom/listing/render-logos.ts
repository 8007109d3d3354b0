/** Makes the pictures of the logo from its drawing, with the distribution's browser. Usage: node sbom/listing/render-logos.ts */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { ensureTools, places } from '../../packer/index.ts';
import { LOGO_SIZES, logoDirectory, sourceOf } from './logos.ts';
import { withSource } from './png.ts';

const directory = logoDirectory(places.root);
const drawing = readFileSync(join(directory, 'logo.svg'), 'utf8');

await ensureTools('browser');
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  const page = await browser.newPage();
  for (const size of LOGO_SIZES) {
    await page.setViewportSize({ width: size, height: size });
    await page.setContent(
      `<style>body{margin:0}svg{display:block;width:100vw;height:100vh}</style>${drawing}`,
    );
    const png = await page.screenshot({ omitBackground: true });
    writeFileSync(join(directory, `logo-${size}.png`), withSource(png, sourceOf(drawing)));
  }
} finally {
  await browser.close();
}
