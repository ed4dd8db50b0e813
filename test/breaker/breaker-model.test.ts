import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BreakerMachine, REFUSED } from '../../src/breaker/breaker-machine.ts';
import { callWindow, machineRules } from '../../src/breaker/breaker-options.ts';
import type { CircuitBreakerOptions } from '../../src/breaker/index.ts';
import { NaiveBreaker } from './naive-breaker.ts';
import type { NaiveCall } from './naive-breaker.ts';

/** The machine with its calls under way. */
interface Real {
  readonly machine: BreakerMachine;
  readonly calls: { readonly stamp: number; readonly startedAt: number }[];
}

/** The naive breaker with the same calls under way, and the clock. */
interface Model {
  readonly naive: NaiveBreaker;
  readonly calls: NaiveCall[];
  now: number;
}

type Command = fc.Command<Model, Real>;

function compare({ naive, now }: Model, { machine }: Real): void {
  machine.catchUp(now);
  naive.passTime(now);
  expect(machine.state.kind).toBe(naive.state);
  // While open the machine still shows the counts that opened it; they decide nothing.
  if (naive.state === 'open') return;
  const { window } = machine;
  expect([window.calls(now), window.failures(now), window.slow(now)]).toEqual(naive.counts(now));
}

class Enter implements Command {
  check(): boolean {
    return true;
  }
  run(model: Model, real: Real): void {
    const stamp = real.machine.admit(model.now);
    const call = model.naive.enter(model.now);
    expect(stamp !== REFUSED).toBe(call !== undefined);
    if (call !== undefined) {
      model.calls.push(call);
      real.calls.push({ stamp, startedAt: model.now });
    }
    compare(model, real);
  }
  toString(): string {
    return 'enter';
  }
}

class End implements Command {
  readonly pick: number;
  readonly outcome: 'success' | 'failure' | 'cancelled';
  constructor(pick: number, outcome: 'success' | 'failure' | 'cancelled') {
    this.pick = pick;
    this.outcome = outcome;
  }
  check({ calls }: Model): boolean {
    return calls.length > 0;
  }
  run(model: Model, real: Real): void {
    const index = model.calls.length - 1 - (this.pick % model.calls.length); // mostly a late one
    const [call] = model.calls.splice(index, 1) as [NaiveCall];
    const [{ stamp, startedAt }] = real.calls.splice(index, 1) as [Real['calls'][number]];
    const tookMs = model.now - startedAt;
    model.naive.end(call, this.outcome, tookMs, model.now);
    if (this.outcome === 'cancelled') real.machine.release(stamp, model.now);
    else real.machine.record(stamp, this.outcome === 'failure', tookMs, model.now);
    compare(model, real);
  }
  toString(): string {
    return `end(${this.pick}, ${this.outcome})`;
  }
}

class Wait implements Command {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
  check(): boolean {
    return true;
  }
  run(model: Model, real: Real): void {
    model.now += this.ms;
    compare(model, real);
  }
  toString(): string {
    return `wait(${this.ms})`;
  }
}

class ByHand implements Command {
  readonly action: 'trip' | 'reset';
  constructor(action: 'trip' | 'reset') {
    this.action = action;
  }
  check(): boolean {
    return true;
  }
  run(model: Model, real: Real): void {
    if (this.action === 'trip') {
      model.naive.trip(model.now);
      real.machine.trip(model.now);
    } else {
      model.naive.reset();
      real.machine.close(model.now, 'manual');
    }
    compare(model, real);
  }
  toString(): string {
    return this.action;
  }
}

const options = fc.record({
  failureRatio: fc.constantFrom(0.1, 0.5, 1),
  slowCallMs: fc.constantFrom(50, 400, Infinity),
  slowCallRatio: fc.constantFrom(0.3, 0.5, 1),
  halfOpenProbes: fc.integer({ min: 1, max: 4 }),
  halfOpenMaxWaitMs: fc.constantFrom(100, 700),
  openMs: fc.constantFrom(50, 300),
  openGrowth: fc.constantFrom(1, 2),
  openMaxMs: fc.constantFrom(300, 1_000),
});

/** Every kind of window, as an option and as the naive breaker takes it. */
const windows = fc.oneof(
  fc.record({
    kind: fc.constant('time' as const),
    buckets: fc.integer({ min: 1, max: 5 }),
    bucketMs: fc.constantFrom(10, 100, 400),
    minimumCalls: fc.integer({ min: 1, max: 6 }),
  }),
  fc
    .record({ minimumCalls: fc.integer({ min: 1, max: 6 }), more: fc.nat(6) })
    .map(({ minimumCalls, more }) => ({
      ...{ kind: 'count' as const, size: minimumCalls + more, minimumCalls },
    })),
  fc.record({ kind: fc.constant('run' as const), failures: fc.integer({ min: 1, max: 4 }) }),
);

function windowOptions(window: Generated): CircuitBreakerOptions {
  if (window.kind === 'run') return { consecutiveFailures: window.failures };
  const { minimumCalls } = window;
  if (window.kind === 'count') return { windowCalls: window.size, minimumCalls };
  const { buckets, bucketMs } = window;
  return { windowMs: buckets * bucketMs, windowBuckets: buckets, minimumCalls };
}

type Generated = typeof windows extends fc.Arbitrary<infer W> ? W : never;

const commands = fc.commands(
  [
    fc.constant(new Enter()),
    fc.constant(new Enter()),
    fc
      .tuple(
        fc.oneof(fc.nat(2), fc.nat(20)),
        fc.constantFrom('success', 'success', 'failure', 'failure', 'cancelled' as const),
      )
      .map(([pick, outcome]) => new End(pick, outcome as 'success')),
    fc
      .oneof(
        fc.constantFrom(10, 50, 100, 300, 400), // the times at which something just is, or is not
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 2_000 }),
      )
      .map((ms) => new Wait(ms)),
    fc.constantFrom(new ByHand('trip'), new ByHand('reset')),
  ],
  { maxCommands: 80, size: 'max' }, // long histories: it takes some to get half-open
);

describe('the state machine', () => {
  it('agrees with a naive model on every history', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(options, windows, commands, (chosen, window, history) => {
        const all: CircuitBreakerOptions = {
          ...chosen,
          ...windowOptions(window),
          openJitterRatio: 0,
        };
        const rules = machineRules('test', all);
        const host = {
          random: () => 0.5,
          mayOpen: () => true,
          changed: ({ to, reason }: { to: string; reason: string }) => seen.add(`${to}: ${reason}`),
          exceeded: () => undefined,
        };
        fc.modelRun(
          () => ({
            model: {
              naive: new NaiveBreaker(rules, window),
              calls: [],
              now: 0,
            },
            real: {
              machine: new BreakerMachine(rules, callWindow('test', all), host, 0),
              calls: [],
            },
          }),
          history,
        );
      }),
      { numRuns: 1_000 },
    );

    // The histories have reached what they are meant to test.
    expect([...seen].sort()).toEqual([
      'closed: manual',
      'closed: probes-passed',
      'half-open: open-time-over',
      'open: failures',
      'open: manual',
      'open: probes-failed',
      'open: probes-overdue',
      'open: slow-calls',
    ]);
  });
});
