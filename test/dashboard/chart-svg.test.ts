import { describe, expect, it } from 'vitest';
import { chartSvg, type LineChart } from '../../src/dashboard/index.ts';

const chart: LineChart = {
  kind: 'lines',
  title: 'Late & early',
  x: { unit: 'clock' },
  y: { unit: 'ms', scale: 'log' },
  bands: [{ from: 1_000, to: 2_000, label: 'backend bad' }],
  marks: [{ value: 50, label: 'deadline' }],
  series: [
    { name: 'a', x: [0, 1_000, 2_000], y: [10, 100, 20] },
    { name: 'b', x: [0, 1_000, 2_000], y: [0, 30, 40], style: 'area' },
  ],
};

describe('chartSvg', () => {
  it('draws the same chart as the same bytes', () => {
    expect(chartSvg(structuredClone(chart))).toBe(chartSvg(chart));
  });

  it('holds title, legend, labels and both themes, and loads nothing', () => {
    const svg = chartSvg(chart);

    for (const text of ['Late &amp; early', '>a<', '>b<', 'backend bad', 'deadline', '10 ms']) {
      expect(svg).toContain(text);
    }
    expect(svg).toContain('prefers-color-scheme:dark');
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\(/);
  });

  it('leaves out what a logarithmic axis cannot show', () => {
    const curves = [...chartSvg(chart).matchAll(/<g class="c[^>]*>(.*?)<\/g>/g)];

    expect(curves[1]?.[1]).not.toContain('NaN');
  });
});
