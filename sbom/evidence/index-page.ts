import { readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import type { ImageIdentity } from '../../operator/index.ts';

/** What a person reads of one piece. */
export interface PieceLine {
  readonly title: string;
  readonly file: string;
  /** `listed` for a piece that no check speaks for. */
  readonly status: 'passed' | 'failed' | 'not-run' | 'listed';
  readonly isThere: boolean;
  readonly sha256: string;
}

export interface IndexValues extends ImageIdentity {
  readonly createdAt: string;
  readonly isRehearsal: boolean;
  readonly rehearsalReasons: readonly string[];
  /** Null for one that a cloud keeps. */
  readonly image: { readonly file: string; readonly sha256: string } | null;
  /** The file that the provenance speaks of. */
  readonly attested: string;
  readonly fingerprint: string;
  readonly checks: readonly { readonly id: string; readonly status: string; readonly detail: string }[];
  readonly pieces: readonly PieceLine[];
}

/** The page that leads a person through the evidence; plain HTML, no script, nothing from elsewhere. */
export function renderIndex(values: IndexValues): string {
  const source = readFileSync(new URL('templates/index.html.hbs', import.meta.url), 'utf8');
  return Handlebars.compile<IndexValues>(source, { strict: true })(values);
}
