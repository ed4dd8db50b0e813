// The picture of docs/scale.md: some hours of a trace, what is needed and what policies had ready.
import type { Series } from '../../src/dashboard/index.ts';
import { chartSvg } from '../../src/dashboard/index.ts';
import type { BacktestResult } from '../../src/scale/index.ts';

const HOUR = 3_600_000;

export interface Cutting {
  readonly trace: string;
  readonly policies: readonly string[];
  /** In hours since the beginning. */
  readonly from: number;
  readonly to: number;
}

/** Draws a cutting of a back-test as SVG. */
export function pictureOf(result: BacktestResult, { trace, policies, from, to }: Cutting): string {
  const load = result.traces.find(({ name }) => name === trace);
  if (load === undefined) throw new Error(`no trace ${trace}`);
  const stepMs = Math.min(load.everyMs, 15_000);
  const times = Array.from(
    { length: ((to - from) * HOUR) / stepMs },
    (_, i) => from * HOUR + i * stepMs,
  );
  const x = times.map((at) => at / HOUR);
  const needed = times.map((at) => load.demand[Math.floor(at / load.everyMs)] ?? NaN);
  const ready = (policy: string): Series => {
    const row = result.rows.find((one) => one.trace === trace && one.policy === policy);
    const supply = row?.supply ?? [];
    let i = 0;
    const y = times.map((at) => {
      while ((supply[i + 1]?.at ?? Infinity) <= at) i++;
      return supply[i]?.ready ?? NaN;
    });
    return { name: policy, x, y, style: 'step' };
  };
  const least = Math.min(...needed);
  return chartSvg({
    kind: 'lines',
    title: `Units ready, ${trace}, units take ${result.options.startupMs / 1000} s to start`,
    x: { label: 'hours', unit: 'hours', min: from, max: to },
    y: { label: 'units', unit: 'count', min: Math.floor(least * 0.8) },
    series: [{ name: 'needed', x, y: needed, style: 'area' }, ...policies.map(ready)],
  });
}
