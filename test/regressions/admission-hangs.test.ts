import { describe, expect, it } from 'vitest';
import {
  bucket,
  concurrencyLimiter,
  keyedLimiter,
  tokenBucket,
} from '../../src/admission/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

// Each of these went round for ever, or left a table that did.
describe('admission with what plain JavaScript may hand it', () => {
  it.each([42, null, {}, ['a']])('refuses a key that is no string: %j', (key) => {
    const limiter = keyedLimiter({
      rate: bucket({ capacity: 1, refillPerSecond: 1 }),
      runtime: virtualRuntime(),
    });

    expect(() => limiter.tryTake({ key: key as unknown as string })).toThrow('a string');
    expect(limiter.tryTake({ key: 'good' }).ok).toBe(true);
    expect(limiter.forget(key as unknown as string)).toBe(false);
    expect(limiter.snapshot().keys).toBe(1);
  });

  it.each([Number.NaN, Infinity, null])('refuses a dump with %s for a number', (number) => {
    const limiter = tokenBucket({ capacity: 1, refillPerSecond: 1, runtime: virtualRuntime() });
    const rows = [['', number]] as unknown as [string, number][];

    expect(() => limiter.restore({ kind: 'bucket', wallTime: 0, rows })).toThrow('restore');
    expect(limiter.peek().remaining).toBe(1);
  });

  it.each([Number.NaN, -5])('refuses a weight of %d', (seats) => {
    const limiter = concurrencyLimiter({ limit: 2, unit: 'seats', runtime: virtualRuntime() });

    expect(() => limiter.tryEnter({ cost: { seats } })).toThrow('a number of 0 or more');
    expect(limiter.snapshot().inFlight).toBe(0);
  });
});
