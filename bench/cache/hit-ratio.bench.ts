import { lru, wTinyLfu } from '../../src/cache/index.ts';
import { readTrace, referenceRows } from '../data/cache-traces/read.ts';
import type { Benchmark } from '../harness/benchmark.ts';
import { traceHitRatio } from './hit-ratio.ts';

/** Traces of a few seconds; the others take half a minute. */
const QUICK = ['lirs_gli', 'lirs_multi1', 'lirs_2_pools', 'lirs_sprite', 'cache2k_web12'];

const benchmark: Benchmark = {
  question:
    'How often does memory hit on real traces, against plain LRU, a reference simulator and the optimum?',
  decision: 'Which policy is the default.',
  repeats: 1,
  measure: ({ quick }) => {
    const rows = referenceRows.filter(({ trace }) => !quick || QUICK.includes(trace));
    const sums = { ours: 0, ownLru: 0, lru: 0, duel: 0, opt: 0 };
    let worst = Infinity;
    let trace: { name: string; keys: Uint32Array } = { name: '', keys: new Uint32Array(0) };
    for (const row of rows) {
      if (row.trace !== trace.name) trace = { name: row.trace, keys: readTrace(row.trace) };
      const ours = 100 * traceHitRatio(trace.keys, row.size, wTinyLfu());
      sums.ours += ours;
      sums.ownLru += quick ? 100 * traceHitRatio(trace.keys, row.size, lru()) : row.lru;
      sums.lru += row.lru;
      sums.duel += row.wtlfu_duel;
      sums.opt += row.opt;
      worst = Math.min(worst, ours - row.lru);
    }
    return {
      'W-TinyLFU, dueling window, %': sums.ours / rows.length,
      'lru-cache, %': sums.ownLru / rows.length,
      'LRU, reference, %': sums.lru / rows.length,
      'W-TinyLFU by duel, reference, %': sums.duel / rows.length,
      'optimum, %': sums.opt / rows.length,
      'worst against LRU, points': worst,
    };
  },
  goals: [
    {
      id: 'mean-hit-ratio',
      says: 'the mean hit ratio is not below that of the reference simulator',
      value: (figure) =>
        figure('W-TinyLFU, dueling window, %') - figure('W-TinyLFU by duel, reference, %'),
      atLeast: 0,
      unit: 'count',
    },
    {
      id: 'worst-against-lru',
      says: 'no trace at any size hits more than 4 points less often than with LRU',
      value: (figure) => figure('worst against LRU, points'),
      atLeast: -4,
      unit: 'count',
    },
  ],
};

export default benchmark;
