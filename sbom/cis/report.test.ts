import { expect, test } from 'vitest';
import { withFirstLine } from './report.ts';

const page =
  '<html><head><script>var a="<body>";</script></head><body class="x"><nav>OpenSCAP</nav></body></html>';

test('the line comes first in what a reader sees, and tags in scripts do not mislead', () => {
  expect(withFirstLine(page, 'Scanned <here>.')).toContain(
    '</head><body class="x"><p style="margin:1em;font-weight:bold">Scanned &lt;here&gt;.</p><nav>',
  );
});

test('a page without a body is refused', () => {
  expect(() => withFirstLine('<html><head></head></html>', 'Scanned.')).toThrow('has no body');
});
