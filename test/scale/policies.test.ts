import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { optionChecks } from '../../src/core/index.ts';
import type {
  Decision,
  Reading,
  ScalingEngineOptions,
  ScalingPolicy,
} from '../../src/scale/index.ts';
import {
  erlangC,
  formula,
  scalingEngine,
  schedule,
  scheduledBounds,
  threshold,
  weighted,
} from '../../src/scale/index.ts';
import { calendarWindow } from '../../src/scale/policies/cron.ts';

interface Ask {
  readonly fleet?: number;
  readonly metrics?: Readonly<Record<string, Reading>>;
  readonly wallTimeMs?: number;
  readonly options?: Partial<ScalingEngineOptions>;
}

function ask(policies: Readonly<Record<string, ScalingPolicy>>, about: Ask): Decision {
  const engine = scalingEngine({
    bounds: { min: 1, max: 100 },
    stages: [],
    policies,
    ...about.options,
  });
  const { fleet = 10, metrics = {}, wallTimeMs = 0 } = about;
  return engine.decide(undefined, { fleet, metrics, wallTimeMs }, 0).decision;
}

/** A policy that always asks for the same. */
const wants = (desired: number | undefined): ScalingPolicy => ({
  propose: () => ({ desired, why: 'given' }),
});

describe('threshold', () => {
  const policy = threshold({
    metrics: { cpu: { out: 0.7, in: 0.3 }, memory: { out: 0.75, in: 0.4 } },
  });

  it.each([
    ['out when one metric is above its upper threshold', { cpu: 0.8, memory: 0.1 }, 15],
    ['out although another metric is missing', { cpu: 0.8 }, 15],
    ['nowhere between the thresholds', { cpu: 0.5, memory: 0.2 }, 10],
    ['in when all are below their lower ones', { cpu: 0.2, memory: 0.2 }, 9],
    ['nowhere when one that might object is missing', { cpu: 0.2 }, 10],
    ['nowhere exactly on a threshold', { cpu: 0.7, memory: 0.75 }, 10],
  ])('goes %s', (_, metrics, desired) => {
    expect(ask({ policy }, { metrics }).desired).toBe(desired);
  });

  it.each([
    { out: 0.3, in: 0.3 },
    { out: NaN, in: 0.3 },
  ])('refuses the pair %j', (cpu) => {
    expect(() => threshold({ metrics: { cpu } })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION' }),
    );
  });
});

describe('erlangC', () => {
  const vectors = JSON.parse(readFileSync('test/vectors/scale-extra.json', 'utf8')) as {
    readonly erlangC: readonly {
      readonly id: string;
      readonly offeredLoadErlangs: number;
      readonly servers: number;
      readonly expected: { readonly serviceLevelWaitLeq0_1S: number };
    }[];
  };

  it.each(vectors.erlangC)('$id: needs these servers for the level they reach', (row) => {
    const { offeredLoadErlangs, servers, expected } = row;
    const policy = erlangC({
      arrivals: 'rate',
      serviceMs: 1_000,
      waitMs: 100,
      share: expected.serviceLevelWaitLeq0_1S - 1e-12,
    });

    expect(ask({ policy }, { metrics: { rate: offeredLoadErlangs } }).desired).toBe(servers);
  });

  it('asks for few units per call where there are many calls', () => {
    const policy = erlangC({ arrivals: 'rate', serviceMs: 200, waitMs: 200, slots: 4 });
    const at = (rate: number): number =>
      ask({ policy }, { metrics: { rate }, options: { bounds: { min: 0, max: 1e5 } } }).desired;

    expect(at(10_000) / 10_000).toBeLessThan(0.6 * (at(10) / 10));
  });

  it('reads the service time from a metric, and is blind without it', () => {
    const policy = erlangC({ arrivals: 'rate', serviceMs: 'service', waitMs: 100 });

    expect(ask({ policy }, { metrics: { rate: 10, service: 1_000 } }).desired).toBe(16);
    expect(ask({ policy }, { metrics: { rate: 10 } }).desired).toBe(10);
    expect(ask({ policy }, { metrics: { rate: 10, service: 0 } }).desired).toBe(10);
  });

  it('asks for the most there may be when more would be needed', () => {
    const policy = erlangC({ arrivals: 'rate', serviceMs: 1_000, waitMs: 100 });

    expect(ask({ policy }, { metrics: { rate: 1e12 } }).desired).toBe(100);
  });
});

describe('combiners', () => {
  const policies = { a: wants(4), b: wants(10), blind: wants(undefined) };

  it('weigh proposals, and leave out who has no opinion', () => {
    const combine = weighted({ a: 2, blind: 100 });

    expect(ask(policies, { fleet: 2, options: { combine } }).desired).toBe(6);
  });

  it('follow a formula', () => {
    const combine = formula(({ a = 0, b = 0, blind = 3 }) => a + b + blind);

    expect(ask(policies, { fleet: 2, options: { combine } }).desired).toBe(17);
  });

  it('change nothing when the formula gives no number', () => {
    const decision = ask(policies, { options: { combine: formula(() => NaN) } });

    expect(decision.desired).toBe(10);
  });

  it('refuse a weight of 0', () => {
    expect(() => weighted({ a: 0 })).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
  });
});

describe('calendar windows', () => {
  const vectors = JSON.parse(readFileSync('test/vectors/scale-nomad.json', 'utf8')) as {
    readonly schedule: readonly {
      readonly id: string;
      readonly name: string;
      readonly input: {
        readonly start: string;
        readonly end: string | null;
        readonly durationSeconds: number | null;
        readonly now: string;
      };
      readonly expected: boolean;
    }[];
  };
  const check = optionChecks('window');

  it.each(vectors.schedule)('$id: $name', ({ input, expected }) => {
    const { start, end, durationSeconds } = input;
    const length =
      durationSeconds === null ? { end: end as string } : { durationMs: durationSeconds * 1000 };
    const window = calendarWindow({ start, ...length }, check, 'window');

    expect(window.isOpen(Date.parse(input.now))).toBe(expected);
  });

  it('answer the same whatever they were asked before', () => {
    const fresh = (at: number): boolean =>
      calendarWindow({ start: '0 8 * * 1-5', end: '30 17 * * 1-5' }, check, 'w').isOpen(at);
    const asked = calendarWindow({ start: '0 8 * * 1-5', end: '30 17 * * 1-5' }, check, 'w');
    const begin = Date.UTC(2026, 0, 1);
    const times = Array.from({ length: 200 }, (_, i) => begin + ((i * 7919) % 600) * 1_800_000);

    for (const at of times) expect(asked.isOpen(at)).toBe(fresh(at));
  });

  it('say when they change', () => {
    const window = calendarWindow({ start: '0 14 * * *', durationMs: 3_600_000 }, check, 'window');
    const noon = Date.UTC(2026, 0, 1, 12);

    expect(window.changesAt(noon)).toBe(Date.UTC(2026, 0, 1, 14));
    expect(window.changesAt(Date.UTC(2026, 0, 1, 14, 30))).toBe(Date.UTC(2026, 0, 1, 15));
  });

  it('follow their time zone through a change of the clocks', () => {
    const window = calendarWindow(
      { start: '0 8 * * *', durationMs: 3_600_000, timeZone: 'Europe/Berlin' },
      check,
      'window',
    );

    expect(window.isOpen(Date.UTC(2026, 2, 28, 7, 30))).toBe(true); // winter: 08:30 there
    expect(window.isOpen(Date.UTC(2026, 2, 29, 7, 30))).toBe(false); // summer: 09:30 there
    expect(window.isOpen(Date.UTC(2026, 2, 29, 6, 30))).toBe(true);
  });

  it.each([
    [{ start: 'nonsense', durationMs: 1 }, 'window.start'],
    [{ start: '61 * * * *', durationMs: 1 }, 'window.start'],
    [{ start: '0 0 31 2 *', durationMs: 1 }, 'window.start'],
    [{ start: '0 0 0 * * *', durationMs: 1 }, 'window.start'],
    [{ start: '0 8 * * *', end: '99 9 * * *' }, 'window.end'],
    [{ start: '0 8 * * *', durationMs: 0 }, 'window.durationMs'],
    [{ start: '0 8 * * *' }, 'window'],
    [{ start: '0 8 * * *', end: '0 9 * * *', durationMs: 1 }, 'window'],
    [{ start: '0 8 * * *', durationMs: 1, timeZone: 'Mars/Base' }, 'window.start'],
  ])('refuse %j', (options, option) => {
    const subject = option === 'window' ? 'window.window' : `window.${option}`;
    expect(() => calendarWindow(options, check, 'window')).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', option: subject }),
    );
  });
});

describe('schedule', () => {
  const windows = [
    { start: '0 8 * * *', end: '0 18 * * *', units: 20 },
    { start: '0 12 * * *', durationMs: 3_600_000, units: 30 },
  ];
  const at = (hour: number, minute = 0): number => Date.UTC(2026, 0, 5, hour, minute);

  it.each([
    [7, 1],
    [9, 20],
    [12, 30],
    [18, 1],
  ])('at %d h asks for %d units', (hour, desired) => {
    expect(ask({ hours: schedule({ windows }) }, { wallTimeMs: at(hour) }).desired).toBe(desired);
  });

  it('is a floor beside other policies', () => {
    const policies = { hours: schedule({ windows }), load: wants(25) };

    expect(ask(policies, { wallTimeMs: at(9) }).desired).toBe(25);
    expect(ask(policies, { wallTimeMs: at(12) }).desired).toBe(30);
  });

  it('opens earlier by its lead', () => {
    const policy = schedule({ windows, leadMs: 600_000 });

    expect(ask({ policy }, { wallTimeMs: at(7, 49) }).desired).toBe(1);
    expect(ask({ policy }, { wallTimeMs: at(7, 50) }).desired).toBe(20);
    expect(ask({ policy }, { wallTimeMs: at(17, 55) }).desired).toBe(20);
  });

  it('bounds the fleet by the hour as a stage', () => {
    const stage = scheduledBounds([{ start: '0 22 * * *', end: '0 6 * * *', min: 2, max: 5 }]);
    const decide = (hour: number, desired: number): Decision =>
      ask({ load: wants(desired) }, { wallTimeMs: at(hour), options: { stages: [stage] } });

    expect(decide(23, 50)).toMatchObject({ desired: 5, limitedBy: 'scheduledBounds' });
    expect(decide(23, 50).nextEligibleAt).toBe(7 * 3_600_000);
    expect(decide(12, 50).desired).toBe(50);
  });
});
