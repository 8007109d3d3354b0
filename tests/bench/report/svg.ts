import { type Metric, metrics } from '../metrics.ts';
import { figure } from './figure.ts';
import type { BenchResult, PeerResult } from './result.ts';

/** Metrics worth a picture, in reading order; the table has them all. */
const panels: readonly Metric[] = [
  'requestsPerSecond',
  'saturatedCpuMicros',
  'fixedP99Ms',
  'firstEventP99Ms',
  'eventCpuMicros',
  'streamingMegabytes',
];

const NAMES_WIDTH = 190;
const PANEL_WIDTH = 190;
const PANEL_GAP = 22;
const ROW_HEIGHT = 34;
const TOP = 118;
const BOTTOM = 44;
const MARGIN = 24;

const colours = {
  ink: '#1f2933',
  faint: '#7b8794',
  line: '#e4e7eb',
  ours: '#0b69a3',
  others: '#9aa5b1',
} as const;

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text as it may stand in XML, in elements and in attributes. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => escapes[character] ?? character);
}

interface TextStyle {
  readonly size?: number;
  readonly fill?: string;
  readonly anchor?: 'start' | 'end';
  readonly weight?: number;
}

function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const { size = 13, fill = colours.ink, anchor = 'start', weight = 400 } = style;
  return `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" fill="${fill}" text-anchor="${anchor}">${escapeXml(content)}</text>`;
}

const rowY = (row: number): number => TOP + row * ROW_HEIGHT + ROW_HEIGHT / 2;

function bar(peer: PeerResult, metric: Metric, row: number, left: number, longest: number): string {
  const value = peer.medians[metric];
  if (value === null) return text(left, rowY(row) + 4, '-', { fill: colours.faint });
  const room = PANEL_WIDTH - 62;
  const width = Math.max(1.5, (value / longest) * room).toFixed(1);
  const fill = peer.name === 'ours' ? colours.ours : colours.others;
  return [
    `<rect x="${left}" y="${rowY(row) - 8}" width="${width}" height="16" rx="2" fill="${fill}"/>`,
    text(left + Number(width) + 6, rowY(row) + 4, figure(value), { size: 12 }),
  ].join('\n');
}

function panel(peers: readonly PeerResult[], metric: Metric, number: number): string {
  const left = MARGIN + NAMES_WIDTH + number * (PANEL_WIDTH + PANEL_GAP);
  const { title, unit, better } = metrics[metric];
  const longest = Math.max(...peers.map(({ medians }) => medians[metric] ?? 0), Number.MIN_VALUE);
  return [
    text(left, TOP - 34, title, { weight: 600 }),
    text(left, TOP - 16, [unit, `${better} is better`].filter((part) => part !== '').join(', '), {
      size: 11,
      fill: colours.faint,
    }),
    ...peers.map((peer, row) => bar(peer, metric, row, left, longest)),
  ].join('\n');
}

function rowName(peer: PeerResult, row: number): string {
  const line = TOP + row * ROW_HEIGHT;
  return [
    `<line x1="${MARGIN}" x2="100%" y1="${line}" y2="${line}" stroke="${colours.line}"/>`,
    text(MARGIN, rowY(row) + 4, peer.title, { weight: peer.name === 'ours' ? 600 : 400 }),
  ].join('\n');
}

/** Draws the medians as bars, one panel for each metric and one row for each peer. Text stays text. */
export function renderSvg({ peers, rounds, machine, startedAt, secondsPerMeasurement }: BenchResult): string {
  const width = 2 * MARGIN + NAMES_WIDTH + panels.length * (PANEL_WIDTH + PANEL_GAP) - PANEL_GAP;
  const height = TOP + peers.length * ROW_HEIGHT + BOTTOM;
  const circumstances = `${startedAt.slice(0, 10)} · ${machine.processor}, ${machine.cores} cores · Node ${machine.node} · medians of ${rounds} rounds of ${secondsPerMeasurement} s, taken in turn`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif">
<title>The gateway beside its peers</title>
<rect width="100%" height="100%" fill="#ffffff"/>
${text(MARGIN, 40, 'The gateway beside its peers', { size: 20, weight: 600 })}
${peers.map(rowName).join('\n')}
${panels.map((metric, number) => panel(peers, metric, number)).join('\n')}
${text(MARGIN, height - 16, circumstances, { size: 11, fill: colours.faint })}
</svg>
`;
}
