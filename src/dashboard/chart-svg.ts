/**
 * A line chart as a picture of its own, for READMEs and documents: one SVG file with title, legend
 * and labels inside, that follows the reader's light or dark theme and loads nothing.
 */
import { escapeHtml } from './html.ts';
import { plot, PLOT_HEIGHT, PLOT_WIDTH, type Curve, type Plot } from './plot.ts';
import { chartColors } from './page-style.ts';
import type { LineChart } from './report.ts';

const WIDTH = 880;
const HEIGHT = 400;
/** Room around the plot for title, legend and labels. */
const EDGE = { left: 58, right: 20, top: 74, bottom: 34 };
const FIELD = { width: WIDTH - EDGE.left - EDGE.right, height: HEIGHT - EDGE.top - EDGE.bottom };

/** Draws a line chart as a stand-alone SVG of 880 × 400. Pure: equal charts give equal text. */
export function chartSvg(chart: LineChart): string {
  const laidOut = plot(chart, 400);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(chart.title)}">
<style>${chartColors(':root')}
text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--soft)}
.title{font-size:15px;font-weight:600;fill:var(--ink)}.name{font-size:13px;fill:var(--ink)}.bad{fill:var(--bad)}.good{fill:var(--good)}
path{fill:none;vector-effect:non-scaling-stroke;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
.grid{stroke:var(--grid);stroke-width:1}.mark{stroke:var(--soft);stroke-dasharray:2 5}.band{opacity:.1}
g.c path{stroke:var(--c)}g.c.area path{stroke-width:1;stroke-opacity:.55}g.c .fill{fill:var(--c);fill-opacity:.16;stroke:none}</style>
<rect width="${WIDTH}" height="${HEIGHT}" rx="12" fill="var(--card)"/>
<text class="title" x="20" y="30">${escapeHtml(chart.title)}</text>
${legend(laidOut.curves)}
${bands(chart, laidOut)}
<g transform="translate(${EDGE.left} ${EDGE.top}) scale(${scaled(FIELD.width / PLOT_WIDTH)} ${scaled(FIELD.height / PLOT_HEIGHT)})">${lines(chart, laidOut)}</g>
${labels(chart, laidOut)}
</svg>
`;
}

function scaled(value: number): number {
  return Number(value.toFixed(4));
}

function px(share: number): number {
  return Math.round(EDGE.left + share * FIELD.width);
}

function py(share: number): number {
  return Math.round(EDGE.top + (1 - share) * FIELD.height);
}

function legend(curves: readonly Curve[]): string {
  let x = 20;
  return curves
    .map((curve) => {
      const at = x;
      // Seven units a letter: wide enough for the sans-serif faces of all systems.
      x += 40 + curve.name.length * 7;
      return `<rect x="${at}" y="47" width="14" height="4" rx="2" fill="var(--s${curve.color})"/><text class="name" x="${at + 20}" y="54">${escapeHtml(curve.name)}</text>`;
    })
    .join('');
}

function bands(chart: LineChart, { x }: Plot): string {
  return (chart.bands ?? [])
    .map((band) => {
      const from = px(x.place(band.from));
      const to = px(x.place(band.to));
      const tone = band.tone ?? 'bad';
      const text =
        x.place(band.from) < 0.6
          ? `<text class="${tone}" x="${to + 6}" y="${EDGE.top + 12}">`
          : `<text class="${tone}" x="${from - 6}" y="${EDGE.top + 12}" text-anchor="end">`;
      return `<rect class="band ${tone}" x="${from}" y="${EDGE.top}" width="${to - from}" height="${FIELD.height}"/>${text}${escapeHtml(band.label)}</text>`;
    })
    .join('');
}

function lines(chart: LineChart, { y, curves }: Plot): string {
  const at = (value: number): number => Math.round((1 - y.place(value)) * PLOT_HEIGHT);
  const grid = y.ticks.map((tick) => `M0 ${at(tick.value)}h${PLOT_WIDTH}`).join('');
  const marks = (chart.marks ?? []).map(
    (mark) => `<path class="mark" d="M0 ${at(mark.value)}h${PLOT_WIDTH}"/>`,
  );
  const drawn = curves.map((curve) => {
    const fill = curve.fill === undefined ? '' : `<path class="fill" d="${curve.fill}"/>`;
    return `<g class="c ${curve.style}" style="--c:var(--s${curve.color})">${fill}<path d="${curve.path}"/></g>`;
  });
  return `<path class="grid" d="${grid}"/>${marks.join('')}${drawn.join('')}`;
}

function labels(chart: LineChart, { x, y }: Plot): string {
  const rows = y.ticks.map(
    (tick) =>
      `<text x="${EDGE.left - 8}" y="${py(y.place(tick.value)) + 4}" text-anchor="end">${tick.label}</text>`,
  );
  const columns = x.ticks.map(
    (tick) =>
      `<text x="${px(x.place(tick.value))}" y="${HEIGHT - EDGE.bottom + 20}" text-anchor="middle">${tick.label}</text>`,
  );
  const marks = (chart.marks ?? []).map(
    (mark) =>
      `<text x="${WIDTH - EDGE.right}" y="${py(y.place(mark.value)) - 4}" text-anchor="end">${escapeHtml(mark.label)}</text>`,
  );
  return [...rows, ...columns, ...marks].join('');
}
