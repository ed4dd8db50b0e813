/**
 * The geometry of a line chart: thinned series, both scales, and SVG paths in a box of
 * `PLOT_WIDTH` × `PLOT_HEIGHT` units. The page stretches that box to whatever room there is; the
 * stand-alone picture places it at a fixed size. Both draw exactly this.
 */
import { axisScale, type AxisScale } from './axis-scale.ts';
import { downsample, type Points } from './downsample.ts';
import type { LineChart, Series } from './report.ts';

/** Width of the plot's coordinate box. */
export const PLOT_WIDTH = 1200;
/** Height of the plot's coordinate box. */
export const PLOT_HEIGHT = 400;

/** A chart ready to be drawn. */
export interface Plot {
  readonly x: AxisScale;
  readonly y: AxisScale;
  readonly curves: readonly Curve[];
}

/** One curve ready to be drawn. */
export interface Curve {
  readonly name: string;
  readonly color: number;
  readonly style: 'line' | 'step' | 'area';
  readonly points: Points;
  /** SVG path data of the line. */
  readonly path: string;
  /** SVG path data of the filled area below it, where the style wants one. */
  readonly fill?: string;
}

/** Lays out a chart: at most `limit` points per series. */
export function plot(chart: LineChart, limit = 600): Plot {
  const thin = chart.series.map((series) => downsample(series.x, series.y, limit));
  const marks = chart.marks?.map((mark) => mark.value) ?? [];
  const x = axisScale(
    exact(
      chart.x,
      thin.map((p) => p.x),
    ),
    [0, 1],
    8,
  );
  const yRange = range([...thin.map((p) => p.y), marks], chart.y.scale);
  const yData: [number, number] =
    chart.y.scale === 'log' ? yRange : [Math.min(0, yRange[0]), yRange[1]];
  const y = axisScale(chart.y, yData, 4);
  const curves = chart.series.map((series, i) => curve(series, i, thin[i] as Points, { x, y }));
  return { x, y, curves };
}

/** The x axis ends where the data ends: no rounding outwards. */
function exact(axis: LineChart['x'], values: readonly (readonly number[])[]): LineChart['x'] {
  const [low, high] = range(values, axis.scale);
  return { ...axis, min: axis.min ?? low, max: axis.max ?? (high > low ? high : low + 1) };
}

function range(
  lists: readonly (readonly number[])[],
  scale: 'linear' | 'log' = 'linear',
): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const list of lists) {
    for (const value of list) {
      if (!Number.isFinite(value) || (scale === 'log' && value <= 0)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : [0, 1];
}

function curve(
  series: Series,
  index: number,
  points: Points,
  scales: { readonly x: AxisScale; readonly y: AxisScale },
): Curve {
  const style = series.style ?? 'line';
  const place = (i: number): [number, number] => {
    const value = points.y[i] ?? NaN;
    const height = scales.y.place(value);
    return [
      scales.x.place(points.x[i] ?? NaN) * PLOT_WIDTH,
      Number.isNaN(height) ? NaN : (1 - height) * PLOT_HEIGHT,
    ];
  };
  const runs = unbroken(points.x.length, place);
  const base = { name: series.name, color: (series.color ?? index) % 8, style, points };
  const path = runs.map((run) => pathData(run, style)).join('');
  if (style !== 'area') return { ...base, path };
  return { ...base, path, fill: runs.map((run) => areaData(run)).join('') };
}

/** Splits a series into runs without gaps. */
function unbroken(n: number, place: (i: number) => [number, number]): [number, number][][] {
  const runs: [number, number][][] = [];
  let run: [number, number][] = [];
  for (let i = 0; i < n; i++) {
    const point = place(i);
    if (Number.isFinite(point[0]) && Number.isFinite(point[1])) run.push(point);
    else if (run.length > 0) {
      runs.push(run);
      run = [];
    }
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

function pathData(run: readonly (readonly [number, number])[], style: Series['style']): string {
  let path = '';
  let lastX = 0;
  let lastY = 0;
  for (const [px, py] of run) {
    const x = Math.round(px);
    const y = Math.round(py);
    if (path === '') path = `M${x} ${y}`;
    else if (style === 'step') path += `h${x - lastX}v${y - lastY}`;
    else path += `l${x - lastX} ${y - lastY}`;
    lastX = x;
    lastY = y;
  }
  // A run of one point is drawn as a dot: a line of no length with round ends.
  return run.length === 1 ? `${path}h0` : path;
}

function areaData(run: readonly (readonly [number, number])[]): string {
  const first = Math.round(run[0]?.[0] ?? 0);
  const last = Math.round(run[run.length - 1]?.[0] ?? 0);
  return `${pathData(run, 'line')}V${PLOT_HEIGHT}h${first - last}Z`;
}
