/**
 * From values to places on an axis: the range shown, the ticks, and `place`, which maps a value to
 * 0 (start of the axis) … 1 (end). Ticks stand on round numbers of the unit: 1, 2, 5 or, for time,
 * seconds, minutes and hours as a clock divides them.
 */
import type { Unit } from './format.ts';
import { formatValue } from './format.ts';
import type { Axis } from './report.ts';

/** An axis made concrete for given data. */
export interface AxisScale {
  readonly min: number;
  readonly max: number;
  /** Where a value stands, 0–1 inside the axis, clamped at both ends. */
  place(value: number): number;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
}

/** Makes the scale of an axis for the data range it has to show. `target` is the wished number of ticks. */
export function axisScale(axis: Axis, data: readonly [number, number], target = 5): AxisScale {
  const unit = axis.unit ?? 'number';
  return axis.scale === 'log' ? logScale(axis, data, unit) : linearScale(axis, data, unit, target);
}

function linearScale(
  axis: Axis,
  data: readonly [number, number],
  unit: Unit,
  target: number,
): AxisScale {
  const low = axis.min ?? data[0];
  const wanted = axis.max ?? data[1];
  const high = wanted > low ? wanted : low + 1;
  const step = tickStep((high - low) / target, unit);
  const min = axis.min ?? Math.floor(low / step + 1e-9) * step;
  const max =
    axis.max !== undefined && axis.max > min ? axis.max : Math.ceil(high / step - 1e-9) * step;
  const ticks = [];
  for (let i = Math.ceil(min / step - 1e-9); i * step <= max + step * 1e-9; i++) {
    const value = i * step;
    ticks.push({ value, label: tickLabel(value, unit, step) });
  }
  return { min, max, place: (value) => clamp((value - min) / (max - min)), ticks };
}

function logScale(axis: Axis, data: readonly [number, number], unit: Unit): AxisScale {
  const low = axis.min ?? (data[0] > 0 ? data[0] : 1);
  const high = Math.max(axis.max ?? data[1], low * 10);
  const steps = logSteps(low, high, unit);
  const min = axis.min ?? steps.findLast((step) => step <= low * 1.001) ?? low;
  const max = axis.max ?? steps.find((step) => step >= high * 0.999) ?? high;
  const span = Math.log(max / min);
  const ticks = steps
    .filter((value) => value >= min * 0.999 && value <= max * 1.001)
    .map((value) => ({ value, label: tickLabel(value, unit, value) }));
  return { min, max, place: (value) => clamp(Math.log(value / min) / span), ticks };
}

/** Decades, with their thirds where there are few; for time, the decades a clock has. */
function logSteps(low: number, high: number, unit: Unit): number[] {
  const isTime = unit === 'ms' || unit === 'clock';
  const from = Math.floor(Math.log10(low) + 1e-9);
  const to = Math.ceil(Math.log10(high) - 1e-9);
  const steps: number[] = [];
  for (let power = from - 1; power <= to + 1; power++) {
    if (isTime && power >= 5) break;
    for (const digit of to - from <= 2 ? [1, 3] : [1]) steps.push(digit * 10 ** power);
  }
  return isTime ? [...steps, ...LONG_TIME_DECADES] : steps;
}

/** 1 and 10 min, 1 and 10 h, 10 d. */
const LONG_TIME_DECADES: readonly number[] = [60e3, 600e3, 3600e3, 36000e3, 864000e3];

const TIME_STEPS: readonly number[] = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3,
  900e3, 1800e3, 3600e3, 7200e3, 14400e3, 21600e3, 43200e3, 86400e3,
];

function tickStep(rough: number, unit: Unit): number {
  if (unit === 'ms' || unit === 'clock') {
    const step = TIME_STEPS.find((candidate) => candidate >= rough);
    if (step !== undefined && rough >= 0.5) return step;
  }
  const power = 10 ** Math.floor(Math.log10(rough));
  const digit = [1, 2, 5, 10].find((candidate) => candidate * power >= rough * 0.999) ?? 10;
  const step = digit * power;
  return unit === 'count' ? Math.max(1, step) : step;
}

/** Ticks are short: no digits beyond what tells neighbours apart, thousands as k. */
function tickLabel(value: number, unit: Unit, step: number): string {
  if (unit === 'clock') return formatValue(value, unit);
  if (value === 0) return '0';
  if (unit === 'ms') return formatValue(value, unit).replace(/\.0+(?= )/, '');
  if (unit === 'ratio' || unit === 'points') {
    return `${trimmed(value * 100, step * 100)}${unit === 'ratio' ? '%' : ' pt'}`;
  }
  if (unit === 'count' || unit === 'number' || unit === 'perSecond') {
    const suffix = unit === 'perSecond' ? '/s' : '';
    if (Math.abs(value) >= 10_000) return `${trimmed(value / 1_000, step / 1_000)}k${suffix}`;
    return `${trimmed(value, step).replace(/^(−?\d)(\d{3})/, '$1,$2')}${suffix}`;
  }
  return formatValue(value, unit).replace(/\.0+(?=\D|$)/, '');
}

function trimmed(value: number, step: number): string {
  const digits = Math.min(6, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
  return value
    .toFixed(digits)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '')
    .replace('-', '−');
}

function clamp(share: number): number {
  return share < 0 ? 0 : share > 1 ? 1 : share;
}
