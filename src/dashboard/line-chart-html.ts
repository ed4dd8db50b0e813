/**
 * A line chart as HTML: the curves are one SVG stretched to the room there is, all text is HTML
 * placed in per cent, so that it stays readable at any width and without any script.
 */
import { formatValue, type Unit } from './format.ts';
import { escapeHtml, percent } from './html.ts';
import { plot, PLOT_HEIGHT, PLOT_WIDTH, type Curve, type Plot } from './plot.ts';
import type { Band, LineChart } from './report.ts';

/** What the script in the page needs for the values under the pointer. */
export interface ChartData {
  readonly xUnit: Unit;
  readonly yUnit: Unit;
  readonly min: number;
  readonly max: number;
  /** Whether the x axis is logarithmic. */
  readonly log: boolean;
  /** Name, colour slot, x and y of every curve. */
  readonly curves: readonly (readonly [
    string,
    number,
    readonly number[],
    readonly (number | null)[],
  ])[];
}

/** Draws a line chart; `id` numbers the charts of a page. */
export function lineChartHtml(
  chart: LineChart,
  id: number,
): { readonly html: string; readonly data: ChartData } {
  const laidOut = plot(chart);
  const caption = chart.caption ? `<p class="caption">${escapeHtml(chart.caption)}</p>` : '';
  const html = `<figure class="block chart"><figcaption><h3>${escapeHtml(chart.title)}</h3>${caption}${legend(laidOut.curves)}</figcaption>
<div class="plot" data-chart="${id}" tabindex="0" role="img" aria-label="${escapeHtml(spoken(chart, laidOut))}">
<div class="y">${yLabels(laidOut)}</div>
<div class="field">${svg(chart, laidOut)}${bandLabels(chart, laidOut)}${markLabels(chart, laidOut)}</div>
<div class="x">${xLabels(laidOut)}</div>
</div>${summary(chart, laidOut.curves)}</figure>`;
  return { html, data: chartData(chart, laidOut) };
}

function legend(curves: readonly Curve[]): string {
  const items = curves.map(
    (curve, i) =>
      `<button type="button" data-curve="${i}" aria-pressed="true" class="${curve.style}" style="--c:var(--s${curve.color})"><i></i>${escapeHtml(curve.name)}</button>`,
  );
  return `<div class="legend">${items.join('')}</div>`;
}

function svg(chart: LineChart, { x, y, curves }: Plot): string {
  const px = (value: number): number => Math.round(x.place(value) * PLOT_WIDTH);
  const py = (value: number): number => Math.round((1 - y.place(value)) * PLOT_HEIGHT);
  const bands = (chart.bands ?? []).map(
    (band) =>
      `<rect class="band ${band.tone ?? 'bad'}" x="${px(band.from)}" width="${px(band.to) - px(band.from)}" height="${PLOT_HEIGHT}"/>`,
  );
  const grid = y.ticks.map((tick) => `M0 ${py(tick.value)}h${PLOT_WIDTH}`).join('');
  const marks = (chart.marks ?? []).map(
    (mark) => `<path class="mark" d="M0 ${py(mark.value)}h${PLOT_WIDTH}"/>`,
  );
  const lines = curves.map((curve, i) => {
    const fill = curve.fill === undefined ? '' : `<path class="fill" d="${curve.fill}"/>`;
    return `<g data-curve="${i}" class="${curve.style}" style="--c:var(--s${curve.color})">${fill}<path d="${curve.path}"/></g>`;
  });
  return `<svg viewBox="0 0 ${PLOT_WIDTH} ${PLOT_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">${bands.join('')}<path class="grid" d="${grid}"/>${marks.join('')}${lines.join('')}</svg>`;
}

function yLabels({ y }: Plot): string {
  return y.ticks
    .map((tick) => `<span style="bottom:${percent(y.place(tick.value))}">${tick.label}</span>`)
    .join('');
}

function xLabels({ x }: Plot): string {
  return x.ticks
    .map((tick, i) => {
      const minor = i % 2 === 1 ? ' class="minor"' : '';
      return `<span${minor} style="left:${percent(x.place(tick.value))}">${tick.label}</span>`;
    })
    .join('');
}

function bandLabels(chart: LineChart, { x }: Plot): string {
  const label = (band: Band): string => {
    const from = x.place(band.from);
    // Past the middle the label stands to the left of the band, where there is room for it.
    const at = from < 0.6 ? `left:${percent(x.place(band.to))}` : `right:${percent(1 - from)}`;
    return `<span class="label ${band.tone ?? 'bad'}" style="${at}">${escapeHtml(band.label)}</span>`;
  };
  return (chart.bands ?? []).map(label).join('');
}

function markLabels(chart: LineChart, { y }: Plot): string {
  return (chart.marks ?? [])
    .map(
      (mark) =>
        `<span class="label at" style="bottom:${percent(y.place(mark.value))}">${escapeHtml(mark.label)}</span>`,
    )
    .join('');
}

/** The same chart in words, for who cannot see it. */
function spoken(chart: LineChart, { x, curves }: Plot): string {
  const unit = chart.x.unit ?? 'number';
  const parts = curves.map((curve) => {
    const { low, high } = extent(curve);
    const text = (value: number): string => formatValue(value, chart.y.unit);
    return `${curve.name} from ${text(low)} to ${text(high)}`;
  });
  return `${chart.title}, ${formatValue(x.min, unit)} to ${formatValue(x.max, unit)}: ${parts.join('; ')}.`;
}

function summary(chart: LineChart, curves: readonly Curve[]): string {
  const rows = curves.map((curve) => {
    const { low, high, last } = extent(curve);
    const cells = [low, high, last].map((value) => `<td>${formatValue(value, chart.y.unit)}</td>`);
    return `<tr><th scope="row">${escapeHtml(curve.name)}</th>${cells.join('')}</tr>`;
  });
  return `<details><summary>In numbers</summary><div class="scroll"><table><thead><tr><th scope="col"></th><th scope="col">lowest</th><th scope="col">highest</th><th scope="col">last</th></tr></thead><tbody>${rows.join('')}</tbody></table></div></details>`;
}

function extent(curve: Curve): { low: number; high: number; last: number } {
  const finite = curve.points.y.filter((value) => Number.isFinite(value));
  if (finite.length === 0) return { low: NaN, high: NaN, last: NaN };
  return {
    low: finite.reduce((a, b) => Math.min(a, b)),
    high: finite.reduce((a, b) => Math.max(a, b)),
    last: finite[finite.length - 1] ?? NaN,
  };
}

function chartData(chart: LineChart, { x, curves }: Plot): ChartData {
  return {
    xUnit: chart.x.unit ?? 'number',
    yUnit: chart.y.unit ?? 'number',
    min: x.min,
    max: x.max,
    log: chart.x.scale === 'log',
    curves: curves.map((curve) => [
      curve.name,
      curve.color,
      curve.points.x.map((value) => rounded(value)),
      curve.points.y.map((value) => (Number.isFinite(value) ? rounded(value) : null)),
    ]),
  };
}

/** Four significant digits: more than a pointer can tell apart. */
function rounded(value: number): number {
  return Math.abs(value) >= 1_000 ? Math.round(value) : Number(value.toPrecision(4));
}
