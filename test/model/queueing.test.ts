import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/core/seeded-random.ts';
import { type QueueShape, type SteadyState, steadyState } from '../../src/model/index.ts';
import queueing from '../vectors/plan-queueing-theory.json' with { type: 'json' };

type Row = (typeof queueing.vectors)[number];

/** The shape a row of the vectors describes. */
function shapeOf({ lambda = 0, mu, c, K, ES, ES2 }: Row): QueueShape {
  const serviceTime = ES ?? 1 / (mu ?? 1);
  return {
    arrivalRate: lambda,
    serviceTime,
    servers: c ?? 1,
    ...(ES2 === undefined ? {} : { serviceScv: ES2 / serviceTime ** 2 - 1 }),
    ...(K === undefined ? {} : { capacity: K }),
  };
}

const figures: [keyof Row, (queue: SteadyState) => number][] = [
  ['rho', (queue) => queue.utilisation],
  ['pWait', (queue) => queue.waitProbability],
  ['Wq', (queue) => queue.meanWait],
  ['W', (queue) => queue.meanResponse],
  ['Lq', (queue) => queue.meanWaiting],
  ['L', (queue) => queue.meanInside],
  ['p95Wq', (queue) => queue.waitQuantile(0.95)],
  ['p99Wq', (queue) => queue.waitQuantile(0.99)],
  ['pBlock', (queue) => queue.blocked],
  ['throughput', (queue) => queue.throughput],
];

describe('steadyState', () => {
  it.each(queueing.vectors.filter(({ model }) => model !== 'Erlang-B'))(
    'gives the published figures of $model',
    (row) => {
      const queue = steadyState(shapeOf(row));

      const checked = figures.filter(([name]) => row[name] !== undefined);
      expect(checked.length).toBeGreaterThan(3);
      expect(queue.exact).toBe(true);
      for (const [name, figure] of checked) {
        expect(figure(queue) / (row[name] as number), name).toBeCloseTo(1, 10);
      }
    },
  );

  it('comes to the same with a bound that is never reached as without one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.double({ min: 0.05, max: 0.8, noNaN: true }),
        fc.double({ min: 0.01, max: 4, noNaN: true }),
        (servers, utilisation, wait) => {
          const shape = { arrivalRate: servers * utilisation, serviceTime: 1, servers };
          const free = steadyState(shape);
          const bound = steadyState({ ...shape, capacity: servers + 300 });

          expect(bound.meanWait).toBeCloseTo(free.meanWait, 8);
          expect(bound.waitProbability).toBeCloseTo(free.waitProbability, 8);
          expect(bound.waitsLongerThan(wait)).toBeCloseTo(free.waitsLongerThan(wait), 8);
          expect(bound.waitQuantile(0.9)).toBeCloseTo(free.waitQuantile(0.9), 7);
        },
      ),
    );
  });

  it('keeps Little’s law and the law of utilisation for every shape', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 30, noNaN: true }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(40),
        (arrivalRate, servers, room) => {
          const queue = steadyState({
            arrivalRate,
            serviceTime: 1,
            servers,
            capacity: servers + room,
          });

          expect(queue.meanInside).toBeCloseTo(queue.throughput * queue.meanResponse, 9);
          expect(queue.throughput).toBeCloseTo(arrivalRate * (1 - queue.blocked), 9);
          expect(queue.utilisation).toBeLessThanOrEqual(1 + 1e-12);
        },
      ),
    );
  });

  it('agrees with a simulation of a bounded queue, quantiles included', () => {
    const shape = { arrivalRate: 2.4, serviceTime: 1, servers: 2, capacity: 7 };
    const seen = simulate(shape, 200_000);
    const queue = steadyState(shape);

    expect(seen.blocked).toBeCloseTo(queue.blocked, 1.9);
    expect(seen.meanWait / queue.meanWait).toBeCloseTo(1, 1.5);
    expect(seen.p90 / queue.waitQuantile(0.9)).toBeCloseTo(1, 1.5);
  });

  it('stays right in a long bounded queue, where factorials and exponentials underflow', () => {
    const queue = steadyState({ arrivalRate: 2, serviceTime: 1, capacity: 5001 });

    // Almost always full: a call admitted waits for close to 5,000 others.
    expect(queue.meanWait / 4999).toBeCloseTo(1, 2);
    expect(queue.waitQuantile(0.5) / 4999).toBeCloseTo(1, 2);
    expect(queue.blocked).toBeCloseTo(0.5, 10);
  });

  it('says Infinity, not a number, for the wait of an overloaded queue', () => {
    const queue = steadyState({ arrivalRate: 3, serviceTime: 1, servers: 2 });

    expect([queue.meanWait, queue.waitQuantile(0.5), queue.meanInside]).toEqual([
      Infinity,
      Infinity,
      Infinity,
    ]);
    expect([queue.utilisation, queue.throughput, queue.waitsLongerThan(1e9)]).toEqual([1, 2, 1]);
  });

  it('has nobody wait when nothing arrives', () => {
    for (const capacity of [3, Infinity]) {
      const queue = steadyState({ arrivalRate: 0, serviceTime: 1, capacity });

      expect([queue.meanWait, queue.meanInside, queue.throughput, queue.waitQuantile(0.9)]).toEqual(
        [0, 0, 0, 0],
      );
    }
  });

  it('admits that other variability is an approximation', () => {
    expect(steadyState({ arrivalRate: 1, serviceTime: 1, servers: 2, serviceScv: 4 }).exact).toBe(
      false,
    );
    expect(steadyState({ arrivalRate: 0.5, serviceTime: 1, serviceScv: 4 }).exact).toBe(true);
  });

  it.each([
    ['arrivalRate', { arrivalRate: NaN }],
    ['serviceTime', { serviceTime: -1 }],
    ['servers', { servers: 0 }],
    ['capacity', { servers: 4, capacity: 3 }],
    ['serviceScv', { serviceScv: 2, capacity: 3 }],
    ['arrivalScv', { arrivalScv: -0.1 }],
  ])('refuses a wrong %s by name', (name, wrong) => {
    expect(() => steadyState({ arrivalRate: 1, serviceTime: 1, ...wrong })).toThrow(
      `steadyState.${name} must be`,
    );
  });

  it.each([1, -0.1, NaN])('refuses the quantile %d', (q) => {
    expect(() => steadyState({ arrivalRate: 0.5, serviceTime: 1 }).waitQuantile(q)).toThrow(
      'q must be',
    );
  });
});

/** First come, first served, event by event. */
function simulate(
  { arrivalRate, serviceTime, servers = 1, capacity = Infinity }: QueueShape,
  calls: number,
) {
  const random = seededRandom('queueing');
  const exponential = (mean: number): number => -mean * Math.log(1 - random());
  const freeAt = Array<number>(servers).fill(0);
  let leaving: number[] = [];
  let now = 0;
  let blocked = 0;
  const waits: number[] = [];
  for (let i = 0; i < calls; i++) {
    now += exponential(1 / arrivalRate);
    leaving = leaving.filter((at) => at > now);
    if (leaving.length >= capacity) {
      blocked++;
      continue;
    }
    const server = freeAt.indexOf(Math.min(...freeAt));
    const start = Math.max(now, freeAt[server] as number);
    freeAt[server] = start + exponential(serviceTime);
    leaving.push(freeAt[server]);
    waits.push(start - now);
  }
  waits.sort((a, b) => a - b);
  return {
    blocked: blocked / calls,
    meanWait: waits.reduce((sum, wait) => sum + wait, 0) / waits.length,
    p90: waits[Math.floor(0.9 * waits.length)] as number,
  };
}
