import { expect, test } from 'vitest';
import { eachMetric, metricNames } from '../metrics.ts';
import type { BenchResult, PeerResult } from './result.ts';
import { logScale } from './scale.ts';
import { renderSvg } from './svg.ts';
import { renderTable } from './table.ts';

const peer = (name: string, title: string, value: number | null): PeerResult => ({
  name,
  title,
  rounds: [{ values: eachMetric(() => value), faults: value === null ? ['it broke <off> & on'] : [] }],
  medians: eachMetric(() => value),
  againstBare: eachMetric(() => value),
  againstPortkey: eachMetric(() => null),
});

const result = (...peers: PeerResult[]): BenchResult => ({
  startedAt: '2026-11-21T12:00:00.000Z',
  machine: { processor: 'A & B <"fast">', cores: 2, node: 'v24' },
  secondsPerMeasurement: 5,
  rounds: 1,
  peers,
  checks: [{ claim: 'it works', holds: false, seen: 'it does not' }],
});

const all = result(peer('bare', 'bare', 100), peer('ours', 'ours <&>', 20), peer('x', 'broken', null));

/** Throws unless the tags nest, every attribute is quoted, and no character stands bare that may not. */
function checkWellFormed(xml: string): void {
  const open: string[] = [];
  const rest = xml
    .replace(/^<\?xml [^>]*\?>/, '')
    .replace(
      /<(\/?)([a-z]+)((?: [\w-]+="[^"<]*")*)(\/?)>/g,
      (_tag, closing: string, name: string, attributes: string, empty: string) => {
        if (/&(?!(?:amp|lt|gt|quot);)/.test(attributes)) throw new Error(`bare & in ${attributes}`);
        if (closing && open.pop() !== name) throw new Error(`</${name}> closes nothing`);
        if (!closing && !empty) open.push(name);
        return '';
      },
    );
  if (open.length > 0) throw new Error(`not closed: ${open.join(', ')}`);
  if (/[<>]|&(?!(?:amp|lt|gt|quot);)/.test(rest)) throw new Error(`bare character in ${rest}`);
}

test('the picture is well-formed whatever the titles hold', () => {
  expect(() => checkWellFormed(renderSvg(all))).not.toThrow();
});

test('the check of well-formedness can fail', () => {
  for (const bad of ['<a><b></a></b>', '<a>', '<a b=c/>', '<a>&</a>', '<a>x < y</a>']) {
    expect(() => checkWellFormed(bad), bad).toThrow();
  }
});

test('every peer is named as text, and what was not measured is a dash', () => {
  const svg = renderSvg(all);
  expect(svg).toContain('>ours &lt;&amp;&gt;</text>');
  expect(svg).toContain('>–</text>');
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});

test('a run without the bare forwarder draws no line for it', () => {
  expect(renderSvg(result(peer('ours', 'ours', 3)))).not.toContain('stroke-dasharray');
});

test('equal ratios are equal distances on the axis, and the ticks are powers of ten within it', () => {
  const scale = logScale([2, 200]);
  expect(scale.at(20) - scale.at(2)).toBeCloseTo(scale.at(200) - scale.at(20));
  expect(scale.ticks).toEqual([10, 100]);
});

test('values close to each other stay close on the axis', () => {
  const scale = logScale([100, 110]);
  expect(Math.abs(scale.at(110) - scale.at(100))).toBeLessThan(0.03);
  expect(logScale([7]).at(7)).toBe(0.5);
});

test('the table shows every metric, every fault and every check', () => {
  const table = renderTable(all);
  expect(table.split('\n').filter((line) => /^\S.*\b100\b/.test(line))).toHaveLength(metricNames.length);
  expect(table).toContain('broken, round 1: it broke <off> & on');
  expect(table).toContain('FAIL  it works: it does not');
  expect(table).not.toContain('ratios to portkey');
});
