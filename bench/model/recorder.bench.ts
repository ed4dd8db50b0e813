import * as hdr from 'hdr-histogram-js';
import { seededRandom } from '../../src/core/seeded-random.ts';
import { recorder } from '../../src/model/index.ts';
import type { Benchmark } from '../harness/benchmark.ts';

// Latencies of 1 to 400 ms, most around 20, drawn once so that drawing is not measured. The rivals
// record whole microseconds: they keep no fractions.
const SIZE = 65_536;
/** Fetches the values and records nothing: what every contender pays for being fed. */
const LOOP = 'the loop alone';
/** Recorded one after the other in each run, so that fetching them costs next to nothing. */
const BATCH = 256;
const random = seededRandom(1);
const latencies = Array.from({ length: SIZE }, () => {
  const sum = random() + random() + random() + random();
  return 20 * Math.exp(1.5 * (sum - 2));
});

const benchmark: Benchmark = {
  question: 'What does recording one latency cost?',
  decision: 'Whether every call can be measured, or only a sample of them.',
  contenders: {
    tenfold: {
      batch: BATCH,
      setup: () => {
        const values = latencies.slice();
        const ours = recorder();
        return {
          run: (i) => {
            const from = (i * BATCH) % SIZE;
            for (let at = from; at < from + BATCH; at++) ours.record(values[at] as number);
          },
        };
      },
    },
    'hdr-histogram-js (WebAssembly)': {
      batch: BATCH,
      setup: async () => {
        await hdr.initWebAssembly();
        const values = microseconds();
        const wasm = rival(true);
        return {
          run: (i) => {
            const from = (i * BATCH) % SIZE;
            for (let at = from; at < from + BATCH; at++) wasm.recordValue(values[at] as number);
          },
          teardown: () => wasm.destroy(),
        };
      },
    },
    'hdr-histogram-js (JavaScript)': {
      batch: BATCH,
      setup: () => {
        const values = microseconds();
        const js = rival(false);
        return {
          run: (i) => {
            const from = (i * BATCH) % SIZE;
            for (let at = from; at < from + BATCH; at++) js.recordValue(values[at] as number);
          },
        };
      },
    },
    [LOOP]: {
      batch: BATCH,
      setup: () => {
        const values = latencies.slice();
        return {
          run: (i) => {
            let kept = 0;
            const from = (i * BATCH) % SIZE;
            for (let at = from; at < from + BATCH; at++) if (values[at] === -1) kept++;
            return kept;
          },
        };
      },
    },
  },
  goals: [
    {
      id: 'record-ns',
      says: 'recording costs at most 6 ns, less the loop that fetches the values',
      value: (ns) => ns('tenfold') - ns(LOOP),
      atMost: 6,
      unit: 'ns',
    },
    {
      id: 'record-against-wasm',
      says: 'recording is at least 3× as fast as hdr-histogram-js in WebAssembly',
      value: (ns) => ns('hdr-histogram-js (WebAssembly)') / ns('tenfold'),
      atLeast: 3,
    },
  ],
};

function microseconds(): number[] {
  return latencies.map((ms) => Math.round(ms * 1000));
}

function rival(useWebAssembly: boolean): hdr.Histogram {
  return hdr.build({
    useWebAssembly,
    numberOfSignificantValueDigits: 3,
    highestTrackableValue: 3_600_000_000,
  });
}

export default benchmark;
