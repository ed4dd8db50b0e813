// What no primitive may accept at its construction, asked of all of them in the same way: the error is
// an OptionError that names the option and shows the value.
import { describe, expect, it } from 'vitest';
import {
  bulkhead,
  circuitBreaker,
  compose,
  OptionError,
  pool,
  retry,
  scalingEngine,
  timeout,
  tokenBucket,
  workQueue,
} from '../src/index.ts';
import { backlog } from '../src/scale/index.ts';

/** A factory, options it accepts, and which of them are numbers. */
interface Subject {
  readonly make: (options: Record<string, unknown>) => unknown;
  readonly good: Record<string, unknown>;
  readonly numbers: readonly string[];
}

/** The factory as callers without types see it. */
const untyped = (make: unknown): Subject['make'] => make as Subject['make'];

const worker = { create: () => ({}), destroy: () => undefined };

const subjects: Record<string, Subject> = {
  tokenBucket: {
    make: untyped(tokenBucket),
    good: { capacity: 10, refillPerSecond: 5 },
    numbers: ['capacity', 'refillPerSecond', 'maxWaitMs', 'maxWaiting'],
  },
  workQueue: {
    make: untyped(workQueue),
    good: { concurrency: 2 },
    numbers: ['concurrency', 'capacity', 'yieldAfterMs'],
  },
  pool: {
    make: untyped(pool),
    good: { ...worker, min: 1, max: 2 },
    numbers: ['min', 'max'],
  },
  circuitBreaker: {
    make: untyped(circuitBreaker),
    good: {},
    numbers: ['failureRatio', 'minimumCalls', 'openMs', 'slowCallMs', 'halfOpenProbes'],
  },
  timeout: { make: untyped(timeout), good: { ms: 5 }, numbers: ['ms', 'abandonAfterMs'] },
  retry: { make: untyped(retry), good: { attempts: 3 }, numbers: ['attempts'] },
  bulkhead: { make: untyped(bulkhead), good: { concurrency: 3 }, numbers: ['concurrency'] },
};

/** Values that no count, duration or share may have, and how an error shows them. */
const BAD = [
  [NaN, 'NaN'],
  [-1, '-1'],
  [-Infinity, '-Infinity'],
  ['5', '5'],
  [{}, '{}'],
] as const;

const cases = Object.entries(subjects).flatMap(([name, { numbers }]) =>
  numbers.map((option) => [name, option] as const),
);

/** What `make` throws. */
function thrown(make: () => unknown): unknown {
  try {
    return make();
  } catch (error) {
    return error;
  }
}

describe('an option that is a number', () => {
  it.each(cases)('of %s, %s, is refused when it is none, or negative', (name, option) => {
    const { make, good } = subjects[name] as Subject;
    expect(make(good)).toBeDefined();

    for (const [value, shown] of BAD) {
      const error = thrown(() => make({ ...good, [option]: value }));

      expect(error, `${option}: ${shown}`).toBeInstanceOf(OptionError);
      expect((error as OptionError).option).toContain(option);
      expect((error as Error).message).toMatch(new RegExp(`${option} .*${shown}`));
    }
  });
});

describe('options that do not go together', () => {
  it.each([
    ['a pool whose most is below its least', () => pool({ ...worker, min: 3, max: 2 }), 'min'],
    [
      'a bucket that holds nothing',
      () => tokenBucket({ capacity: 0, refillPerSecond: 1 }),
      'capacity',
    ],
    ['an engine whose most is below its least', engine({ bounds: { min: 5, max: 2 } }), 'm'],
    ['an engine whose bounds are no numbers', engine({ bounds: { min: NaN, max: 2 } }), 'min'],
    [
      'a backlog whose work takes no time',
      () => backlog({ backlog: 'q', serviceMs: 0 }),
      'serviceMs',
    ],
    ['a row of no policies', () => compose(), 'compose'],
  ])('are refused: %s', (_, make, option) => {
    const error = thrown(make as () => unknown);

    expect(error).toBeInstanceOf(OptionError);
    expect((error as OptionError).option).toContain(option);
  });

  it.each(Object.keys(subjects))('and so is one that %s does not know', (name) => {
    const { make, good } = subjects[name] as Subject;

    expect(thrown(() => make({ ...good, capcity: 3 }))).toBeInstanceOf(OptionError);
  });
});

function engine(changes: Record<string, unknown>): () => unknown {
  const policies = { demand: backlog({ backlog: 'waiting', serviceMs: 100 }) };
  return () => untyped(scalingEngine)({ bounds: { min: 1, max: 4 }, policies, ...changes });
}
