// Times a contender in a loop that belongs to it alone. One shared loop would meet every
// contender's function at one call site, become megamorphic and stop inlining, so that short
// operations would all cost the call. Each loop is therefore compiled from a source text of its
// own: the running number matters, V8 gives equal texts the same function and the same feedback.
import type { Contender, Prepared } from './benchmark.ts';
import { median } from './statistics.ts';

/** How a contender is timed: so many calls, which take about so long. */
export interface Slice {
  readonly calls: number;
  readonly sliceMs: number;
}

/** A contender with its own loop; `slice` times it. */
export interface Runner {
  readonly name: string;
  /** Runs for `cpuMs` of processor time and finds the number of calls that fills a slice. */
  warm(cpuMs: number): Promise<Slice>;
  /** Runs `calls` calls and returns nanoseconds per operation. */
  slice(calls: number): Promise<number>;
  close(): Promise<void>;
}

/**
 * Shorter than a scheduler's turn on a busy machine, so that most slices are not interrupted and
 * their median is that of an idle one; long against reading the clock.
 */
const SLICE_MS = 2;

type SyncLoop = (calls: number, start: number) => number;
type AsyncLoop = (calls: number, start: number) => Promise<number>;

/** Sets the contender up and compiles its loop. */
export async function prepare(name: string, contender: Contender, n: number): Promise<Runner> {
  const prepared = await contender.setup();
  const loop = contender.async === true ? asyncLoop(prepared, n) : syncLoop(prepared, n);
  const batch = contender.batch ?? 1;
  let done = 0;
  const slice = async (calls: number): Promise<number> => {
    // The garbage of the slice before is not this contender's cost.
    globalThis.gc?.({ type: 'minor' });
    const from = process.hrtime.bigint();
    // A synchronous loop must not be awaited inside the timed span.
    const kept = loop(calls, done);
    const now = kept instanceof Promise ? undefined : process.hrtime.bigint();
    await kept;
    const until = now ?? process.hrtime.bigint();
    done += calls;
    return Number(until - from) / (calls * batch);
  };
  return {
    name,
    slice,
    warm: (cpuMs) => warm((calls) => slice(calls).then((ns) => (ns * calls * batch) / 1e6), cpuMs),
    async close() {
      await prepared.teardown?.();
    },
  };
}

/**
 * Warm-up is measured in processor time: on a busy machine a span of real time would end before
 * the compiler had its share, and the figures would be those of slow code. It also goes on while
 * slices are still becoming faster, up to four times as long: code of many functions is compiled
 * in many steps. A contender that mostly waits is warm after ten times as long in real time.
 */
async function warm(timed: (calls: number) => Promise<number>, cpuMs: number): Promise<Slice> {
  const cpu = process.cpuUsage();
  const latest = performance.now() + 10 * cpuMs;
  const msPerCall: number[] = [];
  let calls = 1;
  for (;;) {
    const tookMs = Math.max(await timed(calls), 0.001);
    msPerCall.push(tookMs / calls);
    const fitting = Math.max(1, Math.round((calls * SLICE_MS) / tookMs));
    const { user, system } = process.cpuUsage(cpu);
    const usedMs = (user + system) / 1_000;
    const warmed = usedMs >= 4 * cpuMs || (usedMs >= cpuMs && hasSettled(msPerCall));
    if ((warmed || performance.now() > latest) && fitting <= calls * 10) {
      return { calls: fitting, sliceMs: Math.max(SLICE_MS, tookMs / calls) };
    }
    calls = Math.min(calls * 10, fitting);
  }
}

/** Slices whose median is compared with that of as many before them. */
const SETTLED_SLICES = 4;

/** Whether the latest slices are no faster any more than those before. */
export function hasSettled(costs: readonly number[]): boolean {
  if (costs.length < 2 * SETTLED_SLICES) return false;
  const latest = median(costs.slice(-SETTLED_SLICES));
  return latest > 0.9 * median(costs.slice(-2 * SETTLED_SLICES, -SETTLED_SLICES));
}

// Comparing each result with a value that it never equals keeps it alive without any other cost.
function syncLoop({ run }: Prepared, n: number): SyncLoop {
  return compile<SyncLoop>(
    `return function loop${n}(calls, start) {
      let kept = 0;
      for (let i = start, end = start + calls; i < end; i++) if (run(i) === never) kept++;
      return kept;
    }`,
    run,
  );
}

function asyncLoop({ run }: Prepared, n: number): AsyncLoop {
  return compile<AsyncLoop>(
    `return async function loop${n}(calls, start) {
      let kept = 0;
      for (let i = start, end = start + calls; i < end; i++) if ((await run(i)) === never) kept++;
      return kept;
    }`,
    run,
  );
}

function compile<Loop>(source: string, run: Prepared['run']): Loop {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- a text of its own per contender, see above
  const make = new Function('run', 'never', source) as (run: unknown, never: object) => Loop;
  return make(run, {});
}
