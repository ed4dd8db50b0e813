import { keyedBreakers } from '../../src/breaker/index.ts';
import type { KeyedBreakersOptions } from '../../src/breaker/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';
import { bytesHeld } from '../harness/memory.ts';

/** Bytes per key of keyed breakers that have seen one call of each. */
async function bytesPerKey(keys: number, options: KeyedBreakersOptions): Promise<number> {
  const bytes = await bytesHeld(() => {
    const breakers = keyedBreakers({ ...options, maxKeys: keys });
    for (let i = 0; i < keys; i++) {
      const entry = breakers.tryEnter({ key: `tenant ${i}` });
      if (entry.ok) entry.done('success');
    }
    return breakers;
  });
  return bytes / keys;
}

const benchmark: Benchmark = {
  question: 'What does a key of keyed breakers weigh?',
  decision: 'What maxKeys a process can afford.',
  measure: async ({ quick }) => {
    const keys = quick ? 2_000 : 20_000;
    return {
      'time window': await bytesPerKey(keys, {}),
      'window of 20 calls': await bytesPerKey(keys, { windowCalls: 20 }),
      'failures in a row': await bytesPerKey(keys, { consecutiveFailures: 5 }),
    };
  },
  goals: [
    {
      id: 'bytes-per-key',
      says: 'a key with the default window weighs at most 1,500 bytes',
      value: (figure) => figure('time window'),
      atMost: 1_500,
      unit: 'bytes',
    },
  ],
};

export default benchmark;
