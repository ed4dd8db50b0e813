import * as hdr from 'hdr-histogram-js';
import { recorder } from '../../src/model/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';

const QUANTILES = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999];

/** 100,000 latencies from 1 ms to 10 s, evenly on a logarithmic scale. */
const latencies = Array.from({ length: 100_000 }, (_, i) => 10 ** ((4 * i) / 100_000));

function rival(useWebAssembly: boolean): hdr.Histogram {
  const made = hdr.build({ useWebAssembly, highestTrackableValue: 3_600_000_000 });
  for (const ms of latencies) made.recordValue(Math.round(ms * 1000));
  return made;
}

const benchmark: Benchmark = {
  question: 'What does reading six quantiles cost, over four decades of latencies?',
  decision: 'How often a control loop or a live page may ask.',
  contenders: {
    tenfold: {
      setup: () => {
        const ours = recorder();
        for (const ms of latencies) ours.record(ms);
        return { run: () => ours.quantiles(QUANTILES) };
      },
    },
    'hdr-histogram-js (WebAssembly)': {
      setup: async () => {
        await hdr.initWebAssembly();
        const wasm = rival(true);
        return {
          run: () => QUANTILES.map((q) => wasm.getValueAtPercentile(q * 100)),
          teardown: () => wasm.destroy(),
        };
      },
    },
    'hdr-histogram-js (JavaScript)': {
      setup: () => {
        const js = rival(false);
        return { run: () => QUANTILES.map((q) => js.getValueAtPercentile(q * 100)) };
      },
    },
  },
  goals: [
    {
      id: 'read-against-wasm',
      says: 'six quantiles cost no more than those of hdr-histogram-js in WebAssembly',
      value: (ns) => ns('hdr-histogram-js (WebAssembly)') / ns('tenfold'),
      atLeast: 1,
    },
  ],
};

export default benchmark;
