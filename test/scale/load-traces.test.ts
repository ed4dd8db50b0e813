import { describe, expect, it } from 'vitest';
import { CAPACITY, hpaDefault, tenfoldDefault } from '../../bench/scale/candidates.ts';
import { readTrace, TRACES } from '../../bench/scale/traces.ts';
import type { Score } from '../../src/scale/index.ts';
import { backtest } from '../../src/scale/index.ts';

const DAYS = 3;

/** HPA v2 and our default on the first days of each trace; `npm run backtest` shows all of them. */
function compare(startupMs: number): { hpa: Score; ours: Score; trace: string }[] {
  return TRACES.map((name) => {
    const whole = readTrace(name);
    const intervals = (DAYS * 86_400_000) / whole.everyMs;
    const trace = { ...whole, perSecond: Array.from(whole.perSecond).slice(0, intervals) };
    const policies = { hpa: hpaDefault(), ours: tenfoldDefault() };
    const { rows } = backtest(trace, policies, { startupMs, capacity: CAPACITY });
    const [hpa, ours] = rows.map(({ score }) => score) as [Score, Score];
    return { hpa, ours, trace: name };
  });
}

describe.each([60, 180])('on request traces with a start-up of %d s, the default', (seconds) => {
  const results = compare(seconds * 1000);

  it.each(results)('lacks units for less time than HPA v2: $trace', ({ hpa, ours }) => {
    expect(ours.underTime).toBeLessThan(hpa.underTime);
  });

  it.each(results)('overloads no more calls: $trace', ({ hpa, ours }) => {
    expect(ours.overloadedRatio).toBeLessThanOrEqual(hpa.overloadedRatio);
  });

  it.each(results)('costs at most 5 % more: $trace', ({ hpa, ours }) => {
    expect(ours.costRatio / hpa.costRatio).toBeLessThanOrEqual(1.05);
  });

  it('overloads fewer calls in sum', () => {
    const sum = (scores: readonly Score[]): number =>
      scores.reduce((total, { overloadedRatio }) => total + overloadedRatio, 0);

    expect(sum(results.map(({ ours }) => ours))).toBeLessThan(sum(results.map(({ hpa }) => hpa)));
  });
});
