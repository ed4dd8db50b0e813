import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Rate, RateRule } from '../../src/admission/index.ts';
import {
  bucket,
  evenSpacing,
  fixedWindow,
  rateLimiter,
  slidingCounter,
  slidingLog,
} from '../../src/admission/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import vectors from '../vectors/admission-adaptive-limits.json' with { type: 'json' };

/** One row of the rate, as a shell would keep it. */
function ruleOf(rate: Rate, now = 0): RateRule {
  const rule = rate.rule(now);
  rule.rows = new Float64Array(rule.width);
  rule.start(0, now);
  return rule;
}

interface Admitted {
  at: number;
  cost: number;
}

/** What passes of calls given as pauses and costs. */
function admittedOf(rule: RateRule, calls: readonly (readonly [number, number])[]): Admitted[] {
  const admitted: Admitted[] = [];
  let now = 0;
  for (const [pauseMs, cost] of calls) {
    now += pauseMs;
    if (rule.take(0, cost, 0, now) === 0) admitted.push({ at: now, cost });
  }
  return admitted;
}

const sum = (calls: Admitted[]): number => calls.reduce((total, { cost }) => total + cost, 0);

const pauses = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 2000, noNaN: true }));
const traffic = (dearest: number): fc.Arbitrary<[number, number][]> =>
  fc.array(fc.tuple(pauses, fc.integer({ min: 0, max: dearest })), { maxLength: 200 });

const limits = fc.record({
  limit: fc.integer({ min: 1, max: 20 }),
  windowMs: fc.integer({ min: 1, max: 3000 }),
});

const rates: Record<string, (limit: number, windowMs: number) => Rate> = {
  bucket: (limit, windowMs) =>
    bucket({ capacity: limit, refillPerSecond: (limit / windowMs) * 1000 }),
  fixedWindow: (limit, windowMs) => fixedWindow({ limit, windowMs }),
  slidingCounter: (limit, windowMs) => slidingCounter({ limit, windowMs }),
  slidingLog: (limit, windowMs) => slidingLog({ limit, windowMs }),
  evenSpacing: (limit, windowMs) => evenSpacing({ perSecond: (limit / windowMs) * 1000 }),
  'evenSpacing with warm-up': (limit, windowMs) =>
    evenSpacing({ perSecond: (limit / windowMs) * 1000, warmUpMs: 3 * windowMs }),
};

describe.each(Object.entries(rates))('every rate: %s', (_name, make) => {
  const spentRow = fc.tuple(limits, traffic(20)).map(([{ limit, windowMs }, calls]) => {
    const rule = ruleOf(make(limit, windowMs));
    const fitting = calls.map(([pause, cost]): [number, number] => [pause, Math.min(cost, limit)]);
    admittedOf(rule, fitting);
    return { rule, limit, now: calls.reduce((at, [pause]) => at + pause, 0) };
  });

  it('lets a call pass when it comes back at the time it was told, and not much sooner', () => {
    fc.assert(
      fc.property(
        spentRow,
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        ({ rule, limit, now }, share) => {
          const cost = limit * share;
          const waitMs = rule.waitMs(0, cost, 0, now);
          fc.pre(waitMs > 1e-3);

          expect(rule.waitMs(0, cost, 0, now + waitMs * 0.99)).toBeGreaterThan(0);
          expect(rule.waitMs(0, cost, 0, now + waitMs + 1e-6)).toBe(0);
        },
      ),
    );
  });

  it('changes nothing by looking or by refusing', () => {
    fc.assert(
      fc.property(spentRow, ({ rule, limit, now }) => {
        const before = [...rule.rows];

        rule.waitMs(0, limit, 3, now + 1);
        rule.remaining(0, now + 1);
        rule.resetMs(0, now + 1);
        if (rule.waitMs(0, limit, 0, now + 1) > 0) rule.take(0, limit, 0, now + 1);

        if (rule.waitMs(0, limit, 0, now + 1) > 0) expect([...rule.rows]).toEqual(before);
      }),
    );
  });

  it('is as if nothing had been spent once its reset time has passed', () => {
    fc.assert(
      fc.property(spentRow, ({ rule, limit, now }) => {
        const later = now + rule.resetMs(0, now) + 1e-6;

        expect(rule.resetMs(0, later)).toBe(0);
        expect(rule.waitMs(0, limit, 0, later)).toBe(0);
        expect(rule.remaining(0, later)).toBeCloseTo(rule.rate.limit, 6);
      }),
    );
  });

  it('comes out of a dump as it went in, or a little more careful', () => {
    fc.assert(
      fc.property(spentRow, ({ rule, limit, now }) => {
        const heir = ruleOf(rule.rate, 1e6);
        heir.load(0, JSON.parse(JSON.stringify(rule.save(0, now))) as number[], 1e6);

        expect(heir.remaining(0, 1e6)).toBeLessThanOrEqual(rule.remaining(0, now) + 1e-6);
        expect(heir.remaining(0, 1e6)).toBeCloseTo(rule.remaining(0, now), 3);
        expect(
          heir.waitMs(0, limit, 0, 1e6 + 10 * rule.rate.windowMs * limit + rule.resetMs(0, now)),
        ).toBe(0);
      }),
    );
  });

  it('scales to so many times as much in the same time', () => {
    fc.assert(
      fc.property(limits, fc.double({ min: 0.01, max: 100, noNaN: true }), (shape, ratio) => {
        const rate = make(shape.limit, shape.windowMs);
        const scaled = rate.scaled(ratio);
        const speed = (one: Rate): number => one.limit / one.windowMs;

        expect(scaled.kind).toBe(rate.kind);
        expect(speed(scaled) / speed(rate)).toBeCloseTo(ratio, 9);
      }),
    );
  });

  it('gives back what was spent by mistake', () => {
    fc.assert(
      fc.property(spentRow, ({ rule, now }) => {
        const before = rule.remaining(0, now);

        rule.spend(0, 1, now);
        rule.giveBack(0, 1, now, now);

        if (!_name.includes('warm-up')) expect(rule.remaining(0, now)).toBeCloseTo(before, 6);
      }),
    );
  });
});

describe('bucket', () => {
  it('lets at most capacity + rate × time pass between any two instants', () => {
    fc.assert(
      fc.property(limits, traffic(20), ({ limit, windowMs }, calls) => {
        const admitted = admittedOf(ruleOf(rates['bucket']!(limit, windowMs)), calls);

        for (let from = 0; from < admitted.length; from++) {
          for (let to = from; to < admitted.length; to++) {
            const elapsed = admitted[to]!.at - admitted[from]!.at;
            const most = limit + (elapsed * limit) / windowMs;
            expect(sum(admitted.slice(from, to + 1))).toBeLessThanOrEqual(most + 1e-6);
          }
        }
      }),
    );
  });

  it.each([1e-9, 1e-3, 0.7, 1e6, 1e9, 1e12])(
    'neither gains nor loses a token over a million operations at %d a second',
    (refillPerSecond) => {
      const startMs = 1e9; // a process that has been up for eleven days
      // At least what one step of the clock mints: a float of this size steps by 0.1 µs.
      const capacity = Math.max(100, refillPerSecond / 1e6);
      const rule = ruleOf(bucket({ capacity, refillPerSecond }), startMs);
      const stepMs = 700 / refillPerSecond; // 0.7 of a token
      let passed = 0;
      const operations = 1_000_000;

      for (let i = 1; i <= operations; i++) {
        if (rule.take(0, 1, 0, startMs + i * stepMs) === 0) passed++;
      }

      const minted = (operations * stepMs * refillPerSecond) / 1000;
      const most = Math.min(operations, capacity + Math.floor(minted));
      expect(Math.abs(passed - most)).toBeLessThanOrEqual(1);
    },
  );

  it('is as exact after a billion operations as at first, at any rate and any hour', () => {
    const magnitude = fc
      .double({ min: -9, max: 12, noNaN: true })
      .map((exponent) => 10 ** exponent);
    const before = fc.oneof(fc.constant(0), fc.double({ min: 1, max: 1e9, noNaN: true }));
    fc.assert(
      fc.property(
        magnitude,
        before,
        fc.double({ min: 0.1, max: 3, noNaN: true }),
        (rate, done, share) => {
          const startMs = 1e6;
          const capacity = Math.max(100, rate / 1e6); // what one step of the clock mints, or more
          const rule = ruleOf(bucket({ capacity, refillPerSecond: rate }), startMs);
          const tokenMs = 1000 / rate;
          // What so many operations leave behind: that many minted, and all of it spent.
          const fromMs = startMs + Math.min(done * tokenMs, 1e12);
          rule.spend(0, capacity, fromMs);
          let passed = 0;
          const operations = 50_000;

          for (let i = 1; i <= operations; i++) {
            if (rule.take(0, 1, 0, fromMs + i * share * tokenMs) === 0) passed++;
          }

          // The clock itself is a float: how much it is off in all, in tokens.
          const clockError = (fromMs * 2 ** -52 * rate) / 1000;
          const most = Math.min(operations, operations * share);
          const burst = share > 1 ? 0 : 1;
          expect(Math.abs(passed - most)).toBeLessThanOrEqual(1 + burst + 2 * clockError + share);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('lets everything pass at an infinite rate, and nothing but the burst at none', () => {
    const unlimited = ruleOf(bucket({ capacity: 1, refillPerSecond: Infinity }));
    const none = ruleOf(bucket({ capacity: 2, refillPerSecond: 0 }));

    expect([1, 5, 1e9].map((cost) => unlimited.take(0, cost, 0, 0))).toEqual([0, 0, 0]);
    expect([1, 1, 1].map((cost) => none.take(0, cost, 0, 1e9))).toEqual([0, 0, Infinity]);
  });
});

describe('fixedWindow', () => {
  it('lets at most the limit pass in each of its windows', () => {
    fc.assert(
      fc.property(limits, traffic(20), ({ limit, windowMs }, calls) => {
        const admitted = admittedOf(ruleOf(fixedWindow({ limit, windowMs })), calls);

        const windowOf = ({ at }: Admitted): number => Math.floor(at / windowMs);
        for (const call of admitted) {
          const window = admitted.filter((other) => windowOf(other) === windowOf(call));
          expect(sum(window)).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it.each([
    ...vectors.burstyLimiter.map((row) => ({ ...row, limit: row.permits, windowMs: row.periodMs })),
    ...vectors.smoothLimiter.map((row) => ({ ...row, limit: 1, windowMs: row.intervalMs })),
  ])("books as failsafe-go's limiters do: $limit in $windowMs ms", ({ limit, windowMs, steps }) => {
    interface Step {
      atMs: number;
      calls?: number;
      permits: number;
      expect: { lastWaitMs: number; available?: number; nextFreeMs?: number };
    }
    const rule = ruleOf(fixedWindow({ limit, windowMs }));

    for (const { atMs, calls = 1, permits, expect: want } of steps as Step[]) {
      let lastWaitMs = 0;
      for (let call = 0; call < calls; call++) {
        // Theirs books permit by permit, so a call may cost more than a window: all but one are ahead.
        lastWaitMs = rule.waitMs(0, 1, permits - 1, atMs);
        rule.spend(0, permits, atMs);
      }
      expect(lastWaitMs).toBe(want.lastWaitMs);
      if (want.available !== undefined) expect(rule.remaining(0, atMs)).toBe(want.available);
      if (want.nextFreeMs !== undefined)
        expect(atMs + rule.waitMs(0, 1, 0, atMs)).toBe(want.nextFreeMs);
    }
  });
});

describe('slidingLog', () => {
  it('lets at most the limit pass in any window, wherever it begins', () => {
    fc.assert(
      fc.property(limits, traffic(20), ({ limit, windowMs }, calls) => {
        const admitted = admittedOf(ruleOf(slidingLog({ limit, windowMs })), calls);

        for (const { at } of admitted) {
          const window = admitted.filter((call) => call.at > at - windowMs && call.at <= at);
          expect(sum(window)).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it('lets no more pass when its log is too small for the traffic', () => {
    fc.assert(
      fc.property(limits, traffic(3), ({ limit, windowMs }, calls) => {
        const admitted = admittedOf(ruleOf(slidingLog({ limit, windowMs, entries: 2 })), calls);

        for (const { at } of admitted) {
          const window = admitted.filter((call) => call.at > at - windowMs && call.at <= at);
          expect(sum(window)).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });
});

describe('slidingCounter', () => {
  it('keeps this window plus the share of the one before within the limit', () => {
    fc.assert(
      fc.property(limits, traffic(20), ({ limit, windowMs }, calls) => {
        const admitted = admittedOf(ruleOf(slidingCounter({ limit, windowMs })), calls);

        admitted.forEach(({ at }, index) => {
          const window = Math.floor(at / windowMs);
          const inWindow = (n: number): number =>
            sum(
              admitted.slice(0, index + 1).filter((call) => Math.floor(call.at / windowMs) === n),
            );
          const share = 1 - (at / windowMs - window);
          expect(inWindow(window) + share * inWindow(window - 1)).toBeLessThanOrEqual(limit + 1e-6);
        });
      }),
    );
  });
});

describe('evenSpacing', () => {
  it('keeps each call as far from the next as its cost takes', () => {
    fc.assert(
      fc.property(traffic(5), (calls) => {
        const admitted = admittedOf(ruleOf(evenSpacing({ perSecond: 10 })), calls);

        admitted.slice(1).forEach(({ at }, index) => {
          const { at: before, cost } = admitted[index]!;
          expect(at - before).toBeGreaterThanOrEqual(cost * 100 - 1e-6);
        });
      }),
    );
  });

  it('takes its whole warm-up to reach the rate, and is three times slower at first', () => {
    const rule = ruleOf(evenSpacing({ perSecond: 100, warmUpMs: 4000 }));
    const gaps: number[] = [];
    let now = 0;
    let reachedAt = 0;

    for (let i = 0; i < 400; i++) {
      rule.spend(0, 1, now);
      const gap = rule.waitMs(0, 1, 0, now);
      gaps.push(gap);
      now += gap;
      if (reachedAt === 0 && gap < 10.01) reachedAt = now;
    }

    expect(gaps[0]).toBeCloseTo(30, 0);
    expect(gaps.at(-1)).toBeCloseTo(10, 6);
    expect(reachedAt).toBeCloseTo(4000, -2);
  });

  it("waits as in Guava's own test: cold, after cooling down, and half cooled", async () => {
    const runtime = virtualRuntime();
    const rate = evenSpacing({ perSecond: 2, warmUpMs: 4000 });
    const limiter = rateLimiter({ rate, runtime });
    const waitsOfEight = async (): Promise<string[]> => {
      const waits: string[] = [];
      for (let i = 0; i < 8; i++) {
        const from = runtime.now();
        await limiter.take();
        waits.push(((runtime.now() - from) / 1000).toFixed(2));
      }
      return waits;
    };
    const cold = ['0.00', '1.38', '1.13', '0.88', '0.63', '0.50', '0.50', '0.50'];

    await runtime.run(async () => {
      expect(await waitsOfEight()).toEqual(cold);
      await runtime.sleep(500 + 4000);
      expect(await waitsOfEight()).toEqual(cold);
      await runtime.sleep(500 + 2000);
      expect(await waitsOfEight()).toEqual(cold.map((_, i) => (i === 0 ? '0.00' : '0.50')));
    });
  });

  it('warms up along the line of Guava and Sentinel', () => {
    const [perSecond, warmUpMs, cold] = [100, 4000, 3];
    const rule = ruleOf(evenSpacing({ perSecond, warmUpMs, coldFactor: cold }));
    const warning = ((warmUpMs / 1000) * perSecond) / (cold - 1);
    const most = warning + (2 * (warmUpMs / 1000) * perSecond) / (1 + cold);
    const slope = (cold - 1) / perSecond / (most - warning);
    /** Seconds for a permit with so many stored: a sum of Sentinel's 1 / qps. */
    const priceOf = (stored: number): number =>
      Math.max(0, stored - warning) * slope + 1 / perSecond;

    let now = 0;
    for (let stored = most; stored > 1; stored--) {
      rule.spend(0, 1, now);
      const gapMs = rule.waitMs(0, 1, 0, now);
      const middle = (priceOf(stored) + priceOf(stored - 1)) / 2;
      expect(gapMs).toBeCloseTo(middle * 1000, 4);
      now += gapMs;
    }
  });

  it('does not drift at a late hour: a million calls a millisecond apart take a million', () => {
    const startMs = 1e12;
    const rule = ruleOf(evenSpacing({ perSecond: 1e6 }));

    for (let i = 0; i < 1_000_000; i++) rule.spend(0, 1, startMs);

    expect(rule.waitMs(0, 1, 0, startMs)).toBeCloseTo(1000, 3);
  });
});

describe('options of rates', () => {
  it.each([
    ['bucket.capacity', () => bucket({ capacity: 0, refillPerSecond: 1 })],
    ['bucket.refillPerSecond', () => bucket({ capacity: 1, refillPerSecond: -1 })],
    ['fixedWindow.limit', () => fixedWindow({ limit: Infinity, windowMs: 1 })],
    ['slidingCounter.windowMs', () => slidingCounter({ limit: 1, windowMs: 0 })],
    ['slidingLog.entries', () => slidingLog({ limit: 1, windowMs: 1, entries: 0.5 })],
    ['evenSpacing.perSecond', () => evenSpacing({ perSecond: 0 })],
    ['evenSpacing.coldFactor', () => evenSpacing({ perSecond: 1, coldFactor: 1 })],
  ])('are refused by name: %s', (option, make) => {
    expect(make).toThrow(option);
  });
});
