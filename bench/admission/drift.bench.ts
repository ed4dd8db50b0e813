import { bucket } from '../../src/admission/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';

/** Asks for a token every 0.7 tokens' time, so many times; answers how many too many or too few passed. */
function tokensOff(refillPerSecond: number, operations: number): number {
  const startMs = 1e6;
  const capacity = Math.max(100, refillPerSecond / 1e6);
  const rule = bucket({ capacity, refillPerSecond }).rule(startMs);
  rule.rows = new Float64Array(rule.width);
  rule.start(0, startMs);
  const stepMs = 700 / refillPerSecond;
  let passed = 0;
  for (let i = 1; i <= operations; i++) {
    if (rule.take(0, 1, 0, startMs + i * stepMs) === 0) passed++;
  }
  return Math.abs(passed - Math.min(operations, capacity + Math.floor(0.7 * operations)));
}

const RATES = [1e-9, 0.7, 1e12];

const benchmark: Benchmark = {
  question: 'How many tokens is a bucket off after a billion operations?',
  decision: 'Whether a limiter may run for months at tiny and huge rates.',
  repeats: 1,
  measure: async ({ quick }) => {
    const operations = quick ? 3_000_000 : 1_000_000_000;
    return Object.fromEntries(
      RATES.map((rate) => [`tokens off at ${rate} per second`, tokensOff(rate, operations)]),
    );
  },
  goals: RATES.map((rate) => ({
    id: `off-at-${rate}`,
    says: `at most one token off at ${rate} per second`,
    value: (figure) => figure(`tokens off at ${rate} per second`),
    atMost: 1,
    unit: 'count' as const,
  })),
};

export default benchmark;
