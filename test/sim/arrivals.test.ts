import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/core/index.ts';
import { amplify, rateArrivals, replay, virtualRuntime } from '../../src/sim/index.ts';

interface Row {
  readonly timeUnitMs: number;
  readonly startRate: number;
  readonly segment?: string;
  readonly stages: readonly (readonly [number, number])[];
  readonly expectedMs: readonly number[];
}
/** Expected times of k6's ramping arrival rate; its segments belong to the load generator. */
const rows = (
  JSON.parse(readFileSync('test/vectors/loadtest-arrivals-thresholds.json', 'utf8')) as {
    rampingArrivalRate: Row[];
  }
).rampingArrivalRate.filter((row) => row.segment === undefined);

describe('arrivals of a rate shape', () => {
  it.each(rows)('come when the area under the ramp says: $stages', (row) => {
    const perSecond = 1000 / row.timeUnitMs;

    const times = [
      ...rateArrivals({
        startPerSecond: row.startRate * perSecond,
        stages: row.stages.map(([durationMs, rate]) => ({
          durationMs,
          ratePerSecond: rate * perSecond,
        })),
      }),
    ];

    expect(times).toHaveLength(row.expectedMs.length);
    times.forEach((time, i) => {
      expect(Math.abs(time - (row.expectedMs[i] as number))).toBeLessThanOrEqual(1);
    });
  });

  it('are as many as the area, ascending, and inside the shape', () => {
    const rate = fc.double({ min: 0, max: 200, noNaN: true });
    const stage = fc.record({
      durationMs: fc.integer({ min: 0, max: 5_000 }),
      ratePerSecond: rate,
    });
    fc.assert(
      fc.property(
        rate,
        fc.array(stage, { minLength: 1, maxLength: 5 }),
        (startPerSecond, stages) => {
          const times = [...rateArrivals({ startPerSecond, stages })];

          let area = 0;
          let from = startPerSecond;
          for (const { durationMs, ratePerSecond } of stages) {
            area += ((from + ratePerSecond) / 2) * (durationMs / 1000);
            from = ratePerSecond;
          }
          const end = stages.reduce((sum, { durationMs }) => sum + durationMs, 0);
          expect(Math.abs(times.length - area)).toBeLessThanOrEqual(1 + 1e-6);
          expect(times.every((time, i) => time >= (times[i - 1] ?? 0) - 1e-6)).toBe(true);
          expect(times.every((time) => time <= end + 1e-6)).toBe(true);
        },
      ),
    );
  });

  it('are a Poisson process with a random source: as many on average, spread as they should', () => {
    const shape = { startPerSecond: 50, stages: [{ durationMs: 400_000, ratePerSecond: 50 }] };

    const times = [...rateArrivals({ ...shape, random: seededRandom(3) })];

    const gaps = times.map((time, i) => time - (times[i - 1] ?? 0));
    const mean = gaps.reduce((a, b) => a + b) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    expect(mean).toBeCloseTo(20, 0);
    expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1);
  });

  it.each([
    [{ stages: [{ durationMs: -1, ratePerSecond: 1 }] }, 'stages[0].durationMs'],
    [{ stages: [{ durationMs: 1, ratePerSecond: NaN }] }, 'stages[0].ratePerSecond'],
    [{ startPerSecond: Infinity, stages: [] }, 'startPerSecond'],
  ])('refuse a wrong shape: %o', (shape, named) => {
    expect(() => [...rateArrivals(shape)]).toThrow(named);
  });
});

describe('an amplified trace', () => {
  it('holds every arrival n times, near its time, in order', () => {
    const times = Float64Array.from({ length: 500 }, (_, i) => i * 40);

    const heavy = amplify(times, { factor: 10, jitterMs: 1000, random: seededRandom(1) });

    const copies = new Map<number, number>();
    heavy.origins.forEach((origin, i) => {
      copies.set(origin, (copies.get(origin) ?? 0) + 1);
      const moved = (heavy.times[i] as number) - (times[origin] as number);
      expect(Math.abs(moved)).toBeLessThanOrEqual(1000);
    });
    expect([...copies.values()].every((count) => count === 10)).toBe(true);
    expect(heavy.times.every((time, i) => i === 0 || time >= (heavy.times[i - 1] as number))).toBe(
      true,
    );
  });

  it('is the trace itself without jitter', () => {
    const heavy = amplify([1, 2, 3], { factor: 2, jitterMs: 0, random: () => 0.5 });

    expect([...heavy.times]).toEqual([1, 1, 2, 2, 3, 3]);
    expect([...heavy.origins]).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it('refuses a factor that is not a whole number', () => {
    expect(() => amplify([1], { factor: 1.5, random: () => 0 })).toThrow('amplify.factor');
  });
});

describe('a replay', () => {
  it('lets every call arrive at its time', async () => {
    const runtime = virtualRuntime({ startMs: 100 });
    const seen: [number, number][] = [];

    await runtime.run(() => replay(runtime, [0, 5, 5, 20], (i) => seen.push([i, runtime.now()])));

    expect(seen).toEqual([
      [0, 100],
      [1, 105],
      [2, 105],
      [3, 120],
    ]);
  });

  it('goes on after an arrival that throws, and reports it', async () => {
    const runtime = virtualRuntime();
    let count = 0;

    await runtime.run(() =>
      replay(runtime, [1, 2], () => {
        count++;
        throw new Error('no');
      }),
    );

    expect(count).toBe(2);
    expect(runtime.faults).toHaveLength(2);
  });

  it('ends at once when nothing arrives', async () => {
    const runtime = virtualRuntime();

    await runtime.run(() => replay(runtime, [], () => undefined));

    expect(runtime.now()).toBe(0);
  });
});
