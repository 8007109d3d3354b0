import { type Metric, metrics } from '../metrics.ts';
import { figure } from './figure.ts';
import type { BenchResult, PeerResult } from './result.ts';
import { logScale, type Scale } from './scale.ts';
import { element, escapeXml } from './xml.ts';

/** Metrics worth a picture, in reading order; the table has them all. */
const panels: readonly Metric[] = [
  'requestsPerSecond',
  'saturatedCpuMicros',
  'fixedP99Ms',
  'firstEventP99Ms',
  'eventCpuMicros',
  'streamingMegabytes',
];

const MARGIN = 28;
const NAMES_WIDTH = 206;
const AXIS_WIDTH = 120;
const FIGURE_WIDTH = 58;
const PANEL_WIDTH = AXIS_WIDTH + FIGURE_WIDTH + 22;
const ROW_HEIGHT = 32;
const TOP = 132;
const BOTTOM = 62;

const colour = {
  ink: '#1f2933',
  faint: '#7b8794',
  line: '#e4e7eb',
  bare: '#9aa5b1',
  ours: '#0b69a3',
} as const;

type Style = Readonly<Record<string, string | number>>;

const text = (x: number, y: number, content: string, style: Style = {}): string =>
  element('text', { x, y, 'font-size': 13, fill: colour.ink, ...style }, escapeXml(content));

const line = (x1: number, y1: number, x2: number, y2: number, style: Style): string =>
  element('line', { x1, y1, x2, y2, ...style });

const rowY = (row: number): number => TOP + row * ROW_HEIGHT + ROW_HEIGHT / 2;

interface Panel {
  readonly metric: Metric;
  readonly left: number;
  readonly bottom: number;
  readonly scale: Scale;
  /** Place of the bare forwarder, from which every line to a dot begins. */
  readonly origin: number | null;
}

function dot({ metric, left, scale, origin }: Panel, peer: PeerResult, row: number): string[] {
  const [value, y] = [peer.medians[metric], rowY(row)];
  const right = left + AXIS_WIDTH + FIGURE_WIDTH;
  const aside = { 'text-anchor': 'end', 'font-size': 12 };
  if (value === null || value <= 0) return [text(right, y + 4, '–', { ...aside, fill: colour.faint })];
  const x = left + scale.at(value) * AXIS_WIDTH;
  const stroke = peer.name === 'ours' ? colour.ours : colour.bare;
  const stem = origin === null ? [] : [line(origin, y, x, y, { stroke, 'stroke-width': 2 })];
  return [
    ...stem,
    element('circle', { cx: x, cy: y, r: 4.5, fill: peer.name === 'ours' ? colour.ours : colour.ink }),
    text(right, y + 4, figure(value), { ...aside, 'font-weight': peer.name === 'ours' ? 600 : 400 }),
  ];
}

function tick({ left, bottom, scale }: Panel, value: number): string[] {
  const x = left + scale.at(value) * AXIS_WIDTH;
  return [
    line(x, TOP, x, bottom, { stroke: colour.line }),
    text(x, bottom + 14, value.toLocaleString('en-GB'), {
      'font-size': 10,
      'text-anchor': 'middle',
      fill: colour.faint,
    }),
  ];
}

function drawPanel(peers: readonly PeerResult[], metric: Metric, number: number): string[] {
  const left = MARGIN + NAMES_WIDTH + number * PANEL_WIDTH;
  const bottom = TOP + peers.length * ROW_HEIGHT;
  const { title, unit, better } = metrics[metric];
  const measured = peers.map(({ medians }) => medians[metric]).filter((value) => value !== null && value > 0);
  const scale = logScale(measured as number[]);
  const bare = peers.find(({ name }) => name === 'bare')?.medians[metric] ?? null;
  const origin = bare === null ? null : left + scale.at(bare) * AXIS_WIDTH;
  const panel = { metric, left, bottom, scale, origin };
  return [
    text(left, TOP - 34, title, { 'font-weight': 600 }),
    text(left, TOP - 16, [unit, `${better} is better`].filter(Boolean).join(', '), {
      'font-size': 11,
      fill: colour.faint,
    }),
    ...scale.ticks.flatMap((value) => tick(panel, value)),
    ...(origin === null
      ? []
      : [line(origin, TOP, origin, bottom, { stroke: colour.bare, 'stroke-dasharray': '3 3' })]),
    ...peers.flatMap((peer, row) => dot(panel, peer, row)),
  ];
}

function rowName(peer: PeerResult, row: number, width: number): string[] {
  const top = TOP + row * ROW_HEIGHT;
  const own = peer.name === 'ours' ? { 'font-weight': 600, fill: colour.ours } : {};
  return [
    line(MARGIN, top, width - MARGIN, top, { stroke: colour.line }),
    text(MARGIN, rowY(row) + 4, peer.title, own),
  ];
}

function circumstances({ startedAt, machine, rounds, secondsPerMeasurement }: BenchResult): string {
  return [
    startedAt.slice(0, 10),
    `${machine.processor}, ${machine.cores} cores`,
    `Node ${machine.node}`,
    `medians of ${rounds} rounds, ${secondsPerMeasurement} s for each measurement, peers in turn`,
  ].join(' · ');
}

/** Draws the medians: a row for each peer, a panel with a logarithmic axis for each metric. Text stays text. */
export function renderSvg(result: BenchResult): string {
  const { peers } = result;
  const width = 2 * MARGIN + NAMES_WIDTH + panels.length * PANEL_WIDTH - 22;
  const height = TOP + peers.length * ROW_HEIGHT + BOTTOM;
  const faint = { 'font-size': 12, fill: colour.faint };
  const content = [
    element('title', {}, 'The gateway beside its peers'),
    element('rect', { width: '100%', height: '100%', fill: '#ffffff' }),
    text(MARGIN, 42, 'The gateway beside its peers', { 'font-size': 20, 'font-weight': 600 }),
    text(
      MARGIN,
      66,
      'Logarithmic axes; the dashed line is the bare Node forwarder measured in the same run.',
      faint,
    ),
    ...peers.flatMap((peer, row) => rowName(peer, row, width)),
    ...panels.flatMap((metric, number) => drawPanel(peers, metric, number)),
    text(MARGIN, height - 18, circumstances(result), { ...faint, 'font-size': 11 }),
  ];
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    'font-family': 'system-ui, sans-serif',
  };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('svg', attributes, `\n${content.join('\n')}\n`)}\n`;
}
