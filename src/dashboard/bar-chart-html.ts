/** Horizontal bars as HTML: labels on the left, values at the end of each bar, zero in between. */
import { formatValue } from './format.ts';
import { escapeHtml, percent } from './html.ts';
import type { BarChart } from './report.ts';

/** Draws a bar chart. */
export function barChartHtml(chart: BarChart): string {
  const values = chart.series.flatMap((series) => series.values.filter((v) => v !== null));
  const low = Math.min(0, ...values);
  const span = Math.max(0, ...values) - low || 1;
  const rows = chart.categories.map((category, c) => {
    const bars = chart.series.map((series, s) => {
      const value = series.values[c] ?? null;
      return value === null ? '' : barHtml(chart, value, { low, span, color: series.color ?? s });
    });
    return `<dt>${escapeHtml(category)}</dt><dd>${bars.join('')}</dd>`;
  });
  const legend =
    chart.series.length < 2
      ? ''
      : `<div class="legend">${chart.series.map((series, s) => `<span style="--c:var(--s${(series.color ?? s) % 8})"><i></i>${escapeHtml(series.name)}</span>`).join('')}</div>`;
  const caption = chart.caption ? `<p class="caption">${escapeHtml(chart.caption)}</p>` : '';
  return `<figure class="block"><figcaption><h3>${escapeHtml(chart.title)}</h3>${caption}${legend}</figcaption><dl class="bars">${rows.join('')}</dl></figure>`;
}

function barHtml(
  chart: BarChart,
  value: number,
  place: { readonly low: number; readonly span: number; readonly color: number },
): string {
  const zero = -place.low / place.span;
  const size = Math.abs(value) / place.span;
  const from = value < 0 ? zero - size : zero;
  const text = formatValue(value, chart.unit, chart.signed ? 'signed' : 'plain');
  return `<div class="rod" style="--c:var(--s${place.color % 8});--from:${percent(from)};--size:${percent(size)};--zero:${percent(zero)}"><i></i><span>${text}</span></div>`;
}
