import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionError } from '../../src/core/errors.ts';
import { erlangB, erlangC, serversNeeded, steadyState } from '../../src/model/index.ts';
import queueing from '../vectors/plan-queueing-theory.json' with { type: 'json' };
import extra from '../vectors/scale-extra.json' with { type: 'json' };

const load = fc.double({ min: 0.01, max: 200, noNaN: true });

describe('erlang', () => {
  it.each(extra.erlangC)('gives the published waits of $id', (row) => {
    const { offeredLoadErlangs: offered, servers, expected } = row;
    const queue = steadyState({ arrivalRate: offered, serviceTime: 1, servers });

    expect(erlangC(offered, servers)).toBeCloseTo(expected.probWait, 12);
    expect(queue.meanWait).toBeCloseTo(expected.meanWaitInServiceTimes, 12);
    expect(1 - queue.waitsLongerThan(0.1)).toBeCloseTo(expected.serviceLevelWaitLeq0_1S, 12);
  });

  it('gives the published loss of ten Erlangs on twelve servers', () => {
    const row = queueing.vectors.find(({ model }) => model === 'Erlang-B');

    expect(erlangB(row?.a as number, row?.c as number)).toBeCloseTo(row?.pBlock as number, 12);
  });

  it('agrees with the closed form of Erlang B where factorials can be computed', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 50, noNaN: true }),
        fc.integer({ min: 0, max: 60 }),
        (a, c) => {
          let term = 1;
          let sum = 1;
          for (let n = 1; n <= c; n++) sum += term *= a / n;

          expect(erlangB(a, c)).toBeCloseTo(term / sum, 10);
        },
      ),
    );
  });

  it('lets more servers lose and delay fewer calls', () => {
    fc.assert(
      fc.property(load, fc.integer({ min: 1, max: 250 }), (a, c) => {
        expect(erlangB(a, c + 1)).toBeLessThanOrEqual(erlangB(a, c));
        expect(erlangC(a, c + 1)).toBeLessThanOrEqual(erlangC(a, c));
        expect(erlangC(a, c)).toBeGreaterThanOrEqual(erlangB(a, c));
      }),
    );
  });

  it('makes everybody wait when the servers cannot keep up', () => {
    expect(erlangC(10, 10)).toBe(1);
    expect(erlangC(11, 10)).toBe(1);
  });

  it('loses everything without a server and nothing without load', () => {
    expect(erlangB(3, 0)).toBe(1);
    expect(erlangB(0, 3)).toBe(0);
    expect(erlangC(0, 3)).toBe(0);
  });

  it('stays finite for a hundred thousand servers', () => {
    expect(erlangC(100_000, 101_000)).toBeGreaterThan(0);
    expect(erlangC(100_000, 101_000)).toBeLessThan(0.01);
  });

  it('refuses a load or a number of servers that cannot be', () => {
    expect(() => erlangB(-1, 1)).toThrow(OptionError);
    expect(() => erlangB(NaN, 1)).toThrow(OptionError);
    expect(() => erlangB(1, 1.5)).toThrow(OptionError);
    expect(() => erlangC(1, 0)).toThrow(OptionError);
  });
});

describe('serversNeeded', () => {
  const need = fc.record({
    arrivalRate: load,
    serviceTime: fc.double({ min: 0.1, max: 2, noNaN: true }),
    maxWait: fc.double({ min: 0, max: 5, noNaN: true }),
    share: fc.double({ min: 0.1, max: 0.999, noNaN: true }),
    arrivalScv: fc.double({ min: 0, max: 9, noNaN: true }),
    serviceScv: fc.double({ min: 0.01, max: 9, noNaN: true }),
  });

  it('finds the least number that keeps the promise', () => {
    fc.assert(
      fc.property(need, (options) => {
        const servers = serversNeeded(options);
        const late = (count: number): number =>
          steadyState({ ...options, servers: count }).waitsLongerThan(options.maxWait);

        expect(late(servers)).toBeLessThanOrEqual(1 - options.share + 1e-12);
        if (servers > 1) expect(late(servers - 1)).toBeGreaterThan(1 - options.share - 1e-12);
      }),
    );
  });

  it('needs nobody when nothing arrives', () => {
    expect(serversNeeded({ arrivalRate: 0, serviceTime: 1, maxWait: 1 })).toBe(0);
  });

  it('says Infinity at once to a rate that no fleet could serve', () => {
    expect(serversNeeded({ arrivalRate: 1e12, serviceTime: 1, maxWait: 1 })).toBe(Infinity);
  });

  it('needs just enough for the load when calls never vary', () => {
    const steady = { arrivalRate: 3.5, serviceTime: 1, arrivalScv: 0, serviceScv: 0 };

    expect(serversNeeded({ ...steady, maxWait: 0 })).toBe(4);
  });

  it.each([
    ['arrivalRate', { arrivalRate: -1 }],
    ['serviceTime', { serviceTime: 0 }],
    ['maxWait', { maxWait: NaN }],
    ['share', { share: 1 }],
    ['arrivalScv', { arrivalScv: -1 }],
    ['serviceScv', { serviceScv: Infinity }],
    ['maxServers', { maxServers: 1e9 }],
  ])('refuses a wrong %s by name', (name, wrong) => {
    const options = { arrivalRate: 1, serviceTime: 1, maxWait: 1, ...wrong };

    expect(() => serversNeeded(options)).toThrow(`serversNeeded.${name} must be`);
  });
});
