// 20 shards, each answering in a lognormal time around 10 ms, 2 % of the requests 20 times slower.
import { lognormal } from '../../src/core/index.ts';
import { scatterGather, type HedgeOptions } from '../../src/shard/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

const SHARDS = Array.from({ length: 20 }, (_, at) => at);

export interface FanOut {
  readonly p50: number;
  readonly p99: number;
  /** Requests sent to shards, second ones included. */
  readonly requests: number;
}

/** Runs so many calls one after the other, in virtual time, and returns their latencies in ms. */
export async function simulateFanOut(options: {
  readonly calls: number;
  readonly seed: number;
  readonly hedge?: HedgeOptions;
  readonly quorum?: number;
}): Promise<FanOut> {
  const { calls, seed, hedge, quorum = 1 } = options;
  const runtime = virtualRuntime({ seed });
  const random = runtime.random('service');
  const search = scatterGather({
    ...{ runtime, quorum, graceMs: 0 },
    ...(hedge === undefined ? {} : { hedge }),
  });
  const times: number[] = [];
  let requests = 0;
  await runtime.run(async () => {
    for (let call = 0; call < calls; call++) {
      const from = runtime.now();
      await search.run(SHARDS, async (_, { signal }) => {
        requests++;
        const time = lognormal(random, 10, 0.25);
        await runtime.sleep(random() < 0.02 ? time * 20 : time, signal);
      });
      times.push(runtime.now() - from);
    }
  });
  times.sort((a, b) => a - b);
  const at = (q: number): number => times[Math.floor(times.length * q)]!;
  return { p50: at(0.5), p99: at(0.99), requests };
}
