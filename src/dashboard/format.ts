/**
 * Numbers as people read them. Written by hand and table-driven: output must not depend on a
 * locale, and the same tables travel to the browser for the values shown under the pointer.
 */

/** What a number means, and so how it is written. */
export type Unit =
  | 'count'
  | 'number'
  | 'ratio'
  | 'points'
  | 'times'
  | 'ms'
  | 'clock'
  | 'hours'
  | 'perSecond'
  | 'bytes'
  | 'usd';

/** Values below `limit` are divided, rounded to `digits` places and given the suffix. */
export type FormatStep = readonly [limit: number, divisor: number, digits: number, suffix: string];

const ALL = 1e300;

/** The writing rules of every unit but `clock`, which is `m:ss` or `h:mm:ss`. */
export const UNIT_STEPS: Readonly<Record<Unit, readonly FormatStep[]>> = {
  count: [[ALL, 1, 0, '']],
  number: [
    [10, 1, 2, ''],
    [1_000, 1, 1, ''],
    [ALL, 1, 0, ''],
  ],
  ratio: [[ALL, 0.01, 1, '%']],
  points: [[ALL, 0.01, 1, ' pt']],
  times: [
    [10, 1, 2, '×'],
    [100, 1, 1, '×'],
    [ALL, 1, 0, '×'],
  ],
  ms: [
    [1, 1, 2, ' ms'],
    [1_000, 1, 0, ' ms'],
    [60_000, 1_000, 1, ' s'],
    [3_600_000, 60_000, 1, ' min'],
    [ALL, 3_600_000, 1, ' h'],
  ],
  clock: [],
  hours: [
    [1_000, 1, 1, ' h'],
    [ALL, 1, 0, ' h'],
  ],
  perSecond: [
    [100, 1, 1, '/s'],
    [ALL, 1, 0, '/s'],
  ],
  bytes: [
    [1_000, 1, 0, ' B'],
    [1_000_000, 1_000, 1, ' kB'],
    [1e9, 1_000_000, 1, ' MB'],
    [ALL, 1e9, 1, ' GB'],
  ],
  usd: [
    [100, 1, 2, ' $'],
    [ALL, 1, 0, ' $'],
  ],
};

/**
 * Writes a value in its unit: `1234, 'ms'` is `1.2 s`, `0.25, 'ratio'` is `25.0%`.
 * A value that is not finite is an em dash. `signed` puts a plus before positive values.
 */
export function formatValue(
  value: number,
  unit: Unit = 'number',
  form: 'plain' | 'signed' = 'plain',
): string {
  if (!Number.isFinite(value)) return '—';
  const sign = value < 0 ? '−' : form === 'signed' && value > 0 ? '+' : '';
  const size = Math.abs(value);
  const text = unit === 'clock' ? clockText(size) : stepText(size, UNIT_STEPS[unit]);
  // −0.04% rounds to zero and must not keep its sign.
  return /[1-9]/.test(text) ? sign + text : text;
}

function stepText(size: number, steps: readonly FormatStep[]): string {
  for (const [limit, divisor, digits, suffix] of steps) {
    const scaled = (size / divisor).toFixed(digits);
    // 999.6 ms rounds to 1,000 ms, which the next step writes as 1.0 s.
    if (size < limit && Number(scaled) * divisor < limit) return grouped(scaled) + suffix;
  }
  return size.toExponential(2);
}

function grouped(digits: string): string {
  const [whole = '', fraction] = digits.split('.');
  const withCommas = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? withCommas : `${withCommas}.${fraction}`;
}

function clockText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const two = (n: number): string => String(n).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  const rest = two(seconds % 60);
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${rest}`;
}
