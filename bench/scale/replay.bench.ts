import { backtest } from '../../src/scale/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';
import { candidates, CAPACITY } from './candidates.ts';
import { readTrace } from './traces.ts';

const DAYS = 4;
const TRIED = ['tenfold default', 'tenfold + predictive', 'HPA v2', 'Knative KPA'] as const;

const benchmark: Benchmark = {
  question: 'How long does a back-test of one policy on one day take?',
  decision: 'How much recorded load a test in CI can afford.',
  measure: ({ quick }) => {
    const days = quick ? 1 : DAYS;
    const whole = readTrace('crane 8');
    const perSecond = Array.from(whole.perSecond).slice(0, (days * 86_400_000) / whole.everyMs);
    const figures: Record<string, number> = {};
    for (const name of TRIED) {
      const policies = { [name]: candidates[name]?.() as never };
      const began = performance.now();
      backtest({ ...whole, perSecond }, policies, { startupMs: 60_000, capacity: CAPACITY });
      figures[`${name}, ms a day`] = (performance.now() - began) / days;
    }
    return Promise.resolve(figures);
  },
};

export default benchmark;
