import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/dashboard/index.ts';
import { reportHtml, tableText } from '../../src/dashboard/index.ts';
import type { Score, Trace } from '../../src/scale/index.ts';
import {
  backtest,
  backtestComparison,
  backtestReport,
  backtestTable,
  expectPolicy,
  scalingEngine,
  schedule,
  targetTracking,
  traceOfCounts,
} from '../../src/scale/index.ts';
import { simulatedFleet } from '../../src/scale/backtest/fleet.ts';
import { fluidQueue } from '../../src/scale/backtest/fluid-queue.ts';
import { oracleBill } from '../../src/scale/backtest/oracle.ts';
import { loadOf } from '../../src/scale/backtest/trace.ts';

const MINUTE = 60_000;

/** Ten units' worth of load, then twenty, then ten. */
const steps: Trace = {
  name: 'steps',
  everyMs: MINUTE,
  perSecond: [...Array(20).fill(100), ...Array(20).fill(200), ...Array(40).fill(100)] as number[],
};

const tracking = scalingEngine({
  bounds: { min: 1, max: 1_000 },
  policies: { load: targetTracking({ metric: 'arrivals', of: 'total', target: 10 }) },
});

/** A fleet of always so many. */
const fixed = (units: number) =>
  scalingEngine({
    bounds: { min: units, max: units },
    policies: { never: schedule({ windows: [{ start: '0 0 1 1 *', durationMs: 1, units }] }) },
  });

function scoreOf(policy: Parameters<typeof expectPolicy>[1], startupMs = MINUTE): Score {
  return expectPolicy(steps, policy, { startupMs, capacity: 10 }).toHave({});
}

describe('backtest', () => {
  it('finds nothing lacking and nothing too many in a fleet that fits', () => {
    const flat = { name: 'flat', everyMs: MINUTE, perSecond: Array<number>(30).fill(100) };

    const { rows } = backtest(flat, { fixed: fixed(10) }, { startupMs: MINUTE, capacity: 10 });

    expect(rows[0]?.score).toMatchObject({
      underTime: 0,
      overTime: 0,
      overloadedRatio: 0,
      costRatio: 1,
      regret: 0,
      changesPerHour: 0,
    });
  });

  it('counts the time a fleet lacks units while they start', () => {
    const atOnce = scoreOf(tracking, 0);
    const slow = scoreOf(tracking, 5 * MINUTE);

    // A mean over 30 s sees the step at the second tick after it, 30 s late, and half of it 15 s before.
    expect(atOnce.underTime * 80).toBeCloseTo(0.5, 9);
    expect(slow.underTime * 80).toBeCloseTo(5.5, 9);
  });

  it('lets a fleet that is too small overload its calls', () => {
    const score = scoreOf(fixed(10));

    expect(score.underTime).toBe(0.25);
    expect(score.underShare).toBeCloseTo(0.125, 9); // half of the units in a quarter of the time
    expect(score.overloadedRatio).toBeGreaterThan(0.3);
    expect(score.waitP99Ms).toBeGreaterThan(10_000);
    expect(score.costRatio).toBeCloseTo(0.8, 9);
  });

  it('charges a fleet that is too large', () => {
    const score = scoreOf(fixed(20));

    expect(score).toMatchObject({ underTime: 0, overTime: 0.75, overloadedRatio: 0 });
    expect(score.overShare).toBeCloseTo(0.75, 9);
    expect(score.costRatio).toBeCloseTo(1.6, 9);
  });

  it('rounds each unit up to what is billed', () => {
    const options = { startupMs: 0, capacity: 10, price: 2 };
    const exact = expectPolicy(steps, tracking, options).toHave({});
    const hourly = expectPolicy(steps, tracking, { ...options, billingMs: 3_600_000 }).toHave({});

    expect(exact.cost).toBeCloseTo(exact.unitHours * 2, 9);
    // Ten for two hours (80 minutes), ten for one.
    expect(hourly.cost).toBe((10 * 2 + 10) * 2);
  });

  it('scores only what comes after the time to learn', () => {
    const options = { startupMs: 0, capacity: 10, scoreFromMs: 40 * MINUTE };

    const score = expectPolicy(steps, fixed(10), options).toHave({});

    expect(score).toMatchObject({ underTime: 0, costRatio: 1 });
  });

  it('goes on through gaps without reading them as zero', () => {
    const perSecond = Array.from(steps.perSecond, (value, i) => (i % 3 === 1 ? NaN : value));
    const gaps = { ...steps, perSecond };

    const score = expectPolicy(gaps, tracking, { startupMs: 0, capacity: 10 }).toHave({});

    expect(score.underTime).toBeLessThan(0.03);
  });

  it('reports its progress', () => {
    const seen: string[] = [];
    const onProgress = (done: number, total: number): void => void seen.push(`${done}/${total}`);

    backtest([steps, steps], { tracking }, { startupMs: 0, capacity: 10, onProgress });

    expect(seen).toEqual(['1/2', '2/2']);
  });

  it('gives a report that the one writer takes', () => {
    const result = backtest(
      steps,
      { tracking, small: fixed(10) },
      { startupMs: MINUTE, capacity: 10 },
    );

    const report: Report = backtestReport(result, { command: 'npm run backtest' });

    expect(tableText(backtestTable(result))).toContain('overloaded calls');
    expect(reportHtml(report)).toContain('Units over time: steps');
  });

  it('compares policies with one of them', () => {
    const traces = [steps, { ...steps, name: 'again' }];
    const policies = { small: fixed(10), large: fixed(20) };
    const result = backtest(traces, policies, { startupMs: 0, capacity: 10 });

    const table = backtestComparison(result, 'small');

    expect(table.rows.map(({ label, group }) => `${group}: ${label}`)).toEqual([
      'large: steps',
      'large: again',
      'large: mean of all',
    ]);
    const [small, large] = result.rows.map(({ score }) => score) as [Score, Score];
    expect(table.rows[2]?.cells).toEqual([
      small.underTime,
      large.underTime,
      small.overloadedRatio * 100_000,
      large.overloadedRatio * 100_000,
      1,
    ]);
    const report: Report = backtestReport(result, { command: 'x', baseline: 'small' });
    expect(reportHtml(report)).toContain('Against small');
    expect(() => backtestComparison(result, 'tiny')).toThrow(/'small', 'large'/);
  });

  it.each([
    [{ startupMs: -1, capacity: 1 }, 'startupMs'],
    [{ startupMs: 0, capacity: 0 }, 'capacity'],
    [{ startupMs: 0, capacity: NaN }, 'capacity'],
    [{ startupMs: 0, capacity: 1, utilisation: 1.1 }, 'utilisation'],
    [{ startupMs: 0, capacity: 1, giveUpMs: 1 }, 'giveUpMs'],
    [{ startupMs: 0, capacity: 1, scoreFromMs: 1e12 }, 'scoreFromMs'],
  ])('refuses %j', (options, option) => {
    expect(() => backtest(steps, { tracking }, options)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', option: `backtest.${option}` }),
    );
  });

  it.each([
    { name: 'none', everyMs: MINUTE, perSecond: [] },
    { name: 'gaps', everyMs: MINUTE, perSecond: [NaN, NaN] },
    { name: 'negative', everyMs: MINUTE, perSecond: [1, -1] },
    { name: 'no interval', everyMs: 0, perSecond: [1] },
  ])('refuses the trace "$name"', (trace) => {
    expect(() => backtest(trace, { tracking }, { startupMs: 0, capacity: 1 })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION' }),
    );
  });
});

describe('expectPolicy', () => {
  const expectation = expectPolicy(steps, tracking, { startupMs: MINUTE, capacity: 10 });

  it('passes within the limits', () => {
    const score = expectation.toHave({ underTime: 0.05, elasticSpeedUp: { atLeast: 1 } });

    expect(score.underTime).toBeGreaterThan(0);
  });

  it('lists what is beyond them', () => {
    expect(() => expectation.toHave({ underTime: 0.001, costRatio: { atLeast: 9 } })).toThrow(
      expect.objectContaining({
        code: 'ERR_EXPECTATION',
        message: expect.stringMatching(
          /on steps: underTime is .* at most 0.001.*costRatio/,
        ) as string,
      }),
    );
  });
});

describe('traces', () => {
  it('are made of counts per interval', () => {
    expect(traceOfCounts('c', MINUTE, [60, 120]).perSecond).toEqual([1, 2]);
  });

  it('give the mean over any span as a sum over seconds would', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 0, max: 19_000 }),
        fc.integer({ min: 1, max: 5_000 }),
        (perSecond, from, length) => {
          const load = loadOf({ name: 't', everyMs: 1_000, perSecond });
          const end = Math.min(from + length, load.durationMs);
          const begin = Math.min(from, end - 1);
          let sum = 0;
          for (let ms = begin; ms < end; ms++) sum += perSecond[Math.floor(ms / 1_000)] ?? 0;
          expect(load.mean(begin, end)).toBeCloseTo(sum / (end - begin), 9);
        },
      ),
    );
  });
});

describe('the fluid queue', () => {
  const options = { waitLimitMs: 1_000, giveUpMs: 30_000, weight: 1_000 };

  it('serves at once while there is room', () => {
    const queue = fluidQueue(options);

    queue.pass(10_000, 50, 100);

    expect(queue).toMatchObject({ backlog: 0, arrived: 500, overloaded: 0 });
    expect(queue.takeServed()).toBe(500);
  });

  it('builds up beyond capacity, and overloads from the limit on', () => {
    const queue = fluidQueue(options);

    queue.pass(4_000, 150, 100); // after 2 s, 100 wait: a second's work

    expect(queue.backlog).toBe(200);
    expect(queue.overloaded).toBeCloseTo(2 * 150, 9);
    expect(queue.takeServed()).toBeCloseTo(400, 9);
  });

  it('works off what waits when there is room again', () => {
    const queue = fluidQueue(options);
    queue.pass(4_000, 150, 100);

    queue.pass(10_000, 50, 100);

    expect(queue.backlog).toBe(0);
    expect(queue.takeServed()).toBeCloseTo(400 + 200 + 500, 9);
  });

  it('agrees with the same queue in steps of a millisecond', () => {
    const span = fc.record({
      ms: fc.integer({ min: 1, max: 3_000 }),
      arrivals: fc.integer({ min: 0, max: 300 }),
      capacity: fc.integer({ min: 1, max: 200 }),
    });
    fc.assert(
      fc.property(fc.array(span, { minLength: 1, maxLength: 4 }), (spans) => {
        const whole = fluidQueue(options);
        const fine = fluidQueue(options);
        for (const { ms, arrivals, capacity } of spans) {
          whole.pass(ms, arrivals, capacity);
          for (let i = 0; i < ms; i++) fine.pass(1, arrivals, capacity);
        }
        expect(whole.backlog).toBeCloseTo(fine.backlog, 6);
        expect(whole.overloaded).toBeCloseTo(fine.overloaded, 6);
        expect(whole.takeServed()).toBeCloseTo(fine.takeServed(), 6);
      }),
      { numRuns: 50 },
    );
  });

  it('never loses a call: arrived are served, waiting, or gone after waiting too long', () => {
    const queue = fluidQueue({ ...options, giveUpMs: 2_000 });

    queue.pass(60_000, 300, 100);

    expect(queue.backlog).toBe(200); // two seconds' work
    expect(queue.takeServed()).toBeCloseTo(6_000, 6);
    expect(queue.overloaded).toBeLessThanOrEqual(queue.arrived);
  });
});

describe('the simulated fleet', () => {
  it('makes units ready after their start-up, and takes the newest away first', () => {
    const fleet = simulatedFleet(2, 10_000);

    fleet.apply(5, 0);
    fleet.apply(6, 4_000);
    fleet.apply(4, 6_000);
    fleet.settle(10_000);

    expect(fleet).toMatchObject({ current: 4, ready: 4, nextReadyAt: Infinity });
    // Two that left after 2 and 6 s, four for 10 s.
    expect(fleet.paidMs(10_000, 0)).toBe(2_000 + 6_000 + 4 * 10_000);
  });
});

describe('the oracle', () => {
  /** Every way to keep or stop each unit in each of its gaps; units are alike and independent. */
  function cheapest(demand: readonly number[], everyMs: number, startupMs: number): number {
    let paid = 0;
    for (let unit = 1; unit <= Math.max(...demand); unit++) {
      const needed = demand.map((units) => units >= unit);
      let gap = 0;
      let seen = needed[0] === true;
      needed.forEach((isNeeded, i) => {
        if (isNeeded) {
          if (i > 0 && needed[i - 1] !== true) paid += seen ? Math.min(gap, startupMs) : startupMs;
          paid += everyMs;
          gap = 0;
          seen = true;
        } else gap += everyMs;
      });
    }
    return paid;
  }

  it('pays what the cheapest plan without any lack pays', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 0, max: 5 }),
        (demand, startup) => {
          const bill = oracleBill(demand, MINUTE, startup * 45_000);
          expect(bill.paidMs).toBe(cheapest(demand, MINUTE, startup * 45_000));
        },
      ),
    );
  });

  it('pays no more than any policy that lacks nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 2, maxLength: 60 }),
        (perSecond) => {
          const trace = { name: 't', everyMs: MINUTE, perSecond };
          const options = { startupMs: MINUTE, capacity: 10 };
          const score = expectPolicy(trace, fixed(20), options).toHave({});
          expect(score.underTime).toBe(0);
          expect(score.regret).toBeGreaterThanOrEqual(-1e-12);
        },
      ),
      { numRuns: 30 },
    );
  });
});
