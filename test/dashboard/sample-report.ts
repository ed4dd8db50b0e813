import type { Report, Table } from '../../src/dashboard/index.ts';

/** A table of two groups whose best cells are known. */
export const sampleTable: Table = {
  kind: 'table',
  title: 'Result',
  rowHeading: 'wiring',
  columns: [
    { label: 'goodput', unit: 'ratio', better: 'higher', bar: true },
    { label: 'p99', unit: 'ms', better: 'lower' },
    { label: 'note' },
  ],
  rows: [
    { label: 'bare', group: '1×', cells: [0.81, 4_000, null] },
    { label: 'guarded', group: '1×', cells: [0.97, 2_500, 'calm'] },
    { label: 'bare', group: '10×', cells: [0.12, 900_000, null] },
    { label: 'guarded', group: '10×', cells: [0.9, 900_000, null] },
  ],
};

/** A report with one block of every kind and text that tries to break out of it. */
export const sampleReport: Report = {
  title: 'A <b>test</b> & "more"',
  subtitle: '</script><script>alert(1)</script>',
  figures: [{ label: 'goodput', value: 0.97, unit: 'ratio', detail: 'bare 12%', tone: 'good' }],
  blocks: [
    { kind: 'text', paragraphs: ['Plain words.'] },
    sampleTable,
    {
      kind: 'section',
      title: 'Over time',
      blocks: [
        {
          kind: 'tabs',
          label: 'load',
          selected: 1,
          tabs: ['1×', '10×'].map((label) => ({
            label,
            blocks: [
              {
                kind: 'lines',
                title: `Waiting at ${label}`,
                x: { unit: 'clock' },
                y: { unit: 'count' },
                bands: [{ from: 1_000, to: 2_000, label: 'backend bad' }],
                marks: [{ value: 3, label: 'bound' }],
                series: [
                  { name: '</script>', x: [0, 1_000, 2_000, 3_000], y: [1, NaN, 4, 2] },
                  { name: 'step', x: [0, 1_000, 3_000], y: [1, 2, 0], style: 'step', color: 5 },
                  { name: 'none', x: [], y: [], style: 'area' },
                ],
              },
            ],
          })),
        },
      ],
    },
    {
      kind: 'bars',
      title: 'Shares',
      unit: 'points',
      signed: true,
      categories: ['breaker', 'queue'],
      series: [{ name: 'goodput', values: [-0.05, 0.01] }],
    },
    {
      kind: 'histogram',
      title: 'Latency',
      x: { unit: 'ms', scale: 'log' },
      series: [{ name: 'all', edges: [1, 10, 100], counts: [3, 1] }],
    },
  ],
  provenance: {
    command: 'npm run demo -- --seed 1',
    seed: 1,
    facts: { jitter: '1 s' },
    sources: [{ label: 'a source', url: 'https://example.org/?a=1&b=2' }],
  },
};
