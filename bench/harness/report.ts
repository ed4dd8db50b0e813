// Prints measurements for people.
import { BARE_AWAIT, CLOCK_READ, type Benchmark, type Round } from './benchmark.ts';
import { met, worsening, type Floor, type Mode, type Result } from './floors.ts';
import { median, spread } from './statistics.ts';

/** What is printed of one measured file. */
export interface Printable {
  readonly file: { readonly name: string; readonly benchmark: Benchmark };
  readonly measured: { readonly rounds: readonly Round[]; readonly names: readonly string[] };
  readonly results: readonly Result[];
}

/** Machine, Node version and date: figures mean nothing without them. */
export function printHeader(machine: string): void {
  console.log(`${machine}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`);
}

/** The figures of one file, then its goals. */
export function printFile({ file, measured, results }: Printable): void {
  const { benchmark } = file;
  console.log(`\n${file.name}: ${benchmark.question}`);
  const ours = measured.names[0] ?? '';
  const width = Math.max(...measured.names.map((name) => name.length));
  for (const name of measured.names) {
    const values = measured.rounds.map((round) => round[name] ?? NaN);
    const timed = 'contenders' in benchmark || name === CLOCK_READ || name === BARE_AWAIT;
    const ratios = measured.rounds.map((round) => (round[name] ?? NaN) / (round[ours] ?? NaN));
    const against = 'contenders' in benchmark ? `  ${median(ratios).toFixed(2)}×` : '';
    const figure = timed ? nanoseconds(median(values)) : number(median(values));
    const wide = `±${(spread(values) * 50).toFixed(0)} %`;
    console.log(`  ${name.padEnd(width)}  ${figure.padStart(10)}  ${wide.padStart(6)}${against}`);
  }
  for (const result of results) console.log(goalLine(result));
}

/** One goal: kept or not, figure, bound and, with a floor, the change since it was recorded. */
export function goalLine(result: Result, floor?: Floor, mode?: Mode): string {
  const bound = `${result.better === 'less' ? '≤' : '≥'} ${figure(result, result.goal)}`;
  const recorded = mode === undefined ? undefined : floor?.[mode];
  const since = mode === undefined ? '' : `, ${change(result, recorded)}`;
  const mark = met(result) ? 'met    ' : 'NOT MET';
  return `  ${mark} ${figure(result, result.value)} (goal ${bound}${since}) ${result.id}: ${result.says}`;
}

function change(result: Result, recorded: Floor['full']): string {
  if (recorded === undefined) return 'never recorded';
  return `${worsening(result, recorded).toFixed(2)}× the recorded cost`;
}

function figure({ unit }: Result, value: number): string {
  if (unit === 'ns') return nanoseconds(value);
  if (unit === 'ratio') return `${number(value)}×`;
  return unit === 'count' ? number(value) : `${number(value)} ${unit}`;
}

function nanoseconds(ns: number): string {
  if (Math.abs(ns) < 1_000) return `${ns.toPrecision(3)} ns`;
  return Math.abs(ns) < 1e6 ? `${(ns / 1e3).toPrecision(3)} µs` : `${(ns / 1e6).toPrecision(3)} ms`;
}

function number(value: number): string {
  return Math.abs(value) >= 1_000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
