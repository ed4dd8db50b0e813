/** A histogram is a line chart of steps: the share of its total that falls into each bucket. */
import type { Histogram, LineChart, Series } from './report.ts';

/** Turns a histogram into the chart that draws it. */
export function histogramChart(histogram: Histogram): LineChart {
  return {
    kind: 'lines',
    title: histogram.title,
    ...(histogram.caption === undefined ? {} : { caption: histogram.caption }),
    x: histogram.x,
    y: { unit: 'ratio', label: 'share' },
    series: histogram.series.map(({ name, edges, counts, color }): Series => {
      const total = counts.reduce((sum, count) => sum + count, 0) || 1;
      return {
        name,
        x: edges.slice(0, counts.length + 1),
        // The last bucket keeps its height up to its upper bound.
        y: [...counts, counts[counts.length - 1] ?? 0].map((count) => count / total),
        style: 'step',
        ...(color === undefined ? {} : { color }),
      };
    }),
  };
}
