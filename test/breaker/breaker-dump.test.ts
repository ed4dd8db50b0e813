import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  BreakerDump,
  CircuitBreaker,
  CircuitBreakerOptions,
} from '../../src/breaker/index.ts';
import { circuitBreaker, keyedBreakers } from '../../src/breaker/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

const common: CircuitBreakerOptions = { openMs: 1_000, openJitterRatio: 0 };

/** A breaker in a process of its own, which starts at `wallTime`. */
function processAt(wallTime: number, options: CircuitBreakerOptions = {}) {
  const runtime = virtualRuntime({ wallStartMs: wallTime });
  const few = options.consecutiveFailures === undefined ? { minimumCalls: 4 } : {};
  return { runtime, breaker: circuitBreaker({ ...common, ...few, ...options, runtime }) };
}

function end(breaker: CircuitBreaker, outcome: 'success' | 'failure', times = 1): void {
  for (let i = 0; i < times; i++) {
    const entry = breaker.tryEnter();
    if (entry.ok) entry.done(outcome);
  }
}

/** Through a file or a store. */
function sent(dump: BreakerDump): BreakerDump {
  return JSON.parse(JSON.stringify(dump)) as BreakerDump;
}

describe('a dump of a breaker', () => {
  it('keeps a breaker open for what is left of its time', async () => {
    const old = processAt(10_000);
    end(old.breaker, 'failure', 4);
    await old.runtime.advance(300);
    const dump = sent(old.breaker.dump());
    const next = processAt(10_500);

    next.breaker.restore(dump);

    expect(next.breaker.snapshot()).toMatchObject({ state: 'open', retryAfterMs: 500 });
    await next.runtime.advance(500);
    expect(next.breaker.tryEnter().ok).toBe(true);
  });

  it('keeps the open time growing', async () => {
    const old = processAt(0, { halfOpenProbes: 1 });
    end(old.breaker, 'failure', 4);
    await old.runtime.advance(1_000);
    end(old.breaker, 'failure');
    const next = processAt(1_000, { halfOpenProbes: 1 });
    next.breaker.restore(sent(old.breaker.dump()));

    await next.runtime.advance(2_000);
    end(next.breaker, 'failure');

    expect(next.breaker.snapshot()).toMatchObject({ state: 'open', retryAfterMs: 4_000 });
  });

  it.each([
    ['windowMs', { windowMs: 10_000 }],
    ['windowCalls', { windowCalls: 10 }],
    ['consecutiveFailures', { consecutiveFailures: 4 }],
  ])('keeps the counts of a closed breaker (%s)', async (_name, window) => {
    const old = processAt(0, window);
    end(old.breaker, 'failure', 3);
    const next = processAt(100, window);

    next.breaker.restore(sent(old.breaker.dump()));
    expect(next.breaker.snapshot()).toMatchObject({ state: 'closed', calls: 3, failures: 3 });
    end(next.breaker, 'failure');

    expect(next.breaker.state).toBe('open');
  });

  it('forgets calls that are older than the window by now', async () => {
    const old = processAt(0, { windowMs: 10_000 });
    end(old.breaker, 'failure', 3);
    const next = processAt(10_000, { windowMs: 10_000 });

    next.breaker.restore(sent(old.breaker.dump()));

    expect(next.breaker.snapshot().calls).toBe(0);
  });

  it('begins a half-open breaker with new probes: the old ones are lost', async () => {
    const old = processAt(0, { halfOpenProbes: 1 });
    end(old.breaker, 'failure', 4);
    await old.runtime.advance(1_000);
    old.breaker.tryEnter();
    expect(old.breaker.state).toBe('half-open');
    const next = processAt(1_000, { halfOpenProbes: 1 });

    next.breaker.restore(sent(old.breaker.dump()));
    end(next.breaker, 'success');

    expect(next.breaker.state).toBe('closed');
  });

  it('goes on with a ramp where it was', async () => {
    const old = processAt(0, { halfOpenProbes: 1, rampMs: 1_000 });
    end(old.breaker, 'failure', 4);
    await old.runtime.advance(1_000);
    end(old.breaker, 'success');
    await old.runtime.advance(400);
    const next = processAt(1_400, { rampMs: 1_000 });

    next.breaker.restore(sent(old.breaker.dump()));

    expect(next.breaker.state).toBe('ramping');
    await next.runtime.advance(600);
    expect(next.breaker.state).toBe('closed');
  });

  it('keeps a mode set by hand, and an open time without end', async () => {
    const forced = processAt(0, { mode: 'forced-open' });
    const tripped = processAt(0);
    tripped.breaker.trip(Infinity);
    const next = processAt(5_000);

    next.breaker.restore(sent(forced.breaker.dump()));
    expect(next.breaker.state).toBe('forced-open');
    next.breaker.restore(sent(tripped.breaker.dump()));

    expect(next.breaker.snapshot().retryAfterMs).toBeGreaterThan(1e15);
  });

  it('gives back what it was given, at once and whatever happened', async () => {
    const histories = fc.array(fc.tuple(fc.constantFrom('success', 'failure'), fc.nat(700)));
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const { breaker, runtime } = processAt(0, { halfOpenProbes: 1, rampMs: 500 });
        for (const [outcome, ms] of history) {
          await runtime.advance(ms);
          end(breaker, outcome as 'success');
        }
        const dump = sent(breaker.dump());
        const next = circuitBreaker({ ...common, halfOpenProbes: 1, rampMs: 500, runtime });

        next.restore(dump);

        const { state, openLeftMs, openings } = dump;
        if (state === 'closed' || state === 'ramping') expect(next.dump()).toEqual(dump);
        else expect(next.dump()).toMatchObject({ state: 'open', openLeftMs, openings });
      }),
    );
  });

  it.each([
    [{ state: 'ajar' }, 'circuitBreaker.restore.state'],
    [{ openLeftMs: null }, 'circuitBreaker.restore.openLeftMs'],
    [{ openLeftMs: -1 }, 'circuitBreaker.restore.openLeftMs'],
    [{ calls: 1, failures: 2 }, 'circuitBreaker.restore.calls'],
    [{ slowFailures: 1 }, 'circuitBreaker.restore.slowFailures'],
    [{ wallTime: 'now' }, 'circuitBreaker.restore.wallTime'],
    [{ more: 1 }, 'circuitBreaker.restore.more'],
  ])('is refused when it is wrong (%j), and then nothing has changed', (wrong, option) => {
    const { breaker } = processAt(0);
    end(breaker, 'failure', 4);
    const dump = { ...breaker.dump(), state: 'closed', ...wrong } as BreakerDump;

    expect(() => breaker.restore(dump)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', option }),
    );
    expect(breaker.state).toBe('open');
  });
});

describe('a dump of keyed breakers', () => {
  it('holds the keys that are not simply closed', async () => {
    const runtime = virtualRuntime();
    const breakers = keyedBreakers({ ...common, runtime });
    breakers.tryEnter({ key: 'well' });
    breakers.trip('bad', 2_000);
    const next = keyedBreakers({ ...common, runtime });

    const dump = breakers.dump();
    await runtime.advance(500);
    next.restore(dump);

    expect(dump.keys.map(([key]) => key)).toEqual(['bad']);
    expect(next.peek('bad')).toMatchObject({ state: 'open', retryAfterMs: 1_500 });
    expect(next.snapshot()).toMatchObject({ keys: 1, open: 1 });
  });

  it('is refused as a whole when one key is wrong', () => {
    const breakers = keyedBreakers({ ...common, runtime: virtualRuntime() });
    const { keys } = (() => {
      const other = keyedBreakers({ ...common, runtime: virtualRuntime() });
      other.trip('a');
      other.trip('b');
      return other.dump();
    })();
    const [a, [, b]] = keys as [[string, BreakerDump], [string, BreakerDump]];

    expect(() => breakers.restore({ keys: [a, ['b', { ...b, calls: -1 }]] })).toThrow('calls');
    expect(() => breakers.restore({ keys: [a, [7, b]] as never })).toThrow('keys');
    expect(() => breakers.restore({ keys: null } as never)).toThrow('keys');
    expect(() => breakers.restore(null as never)).toThrow('keyedBreakers.restore');
    expect(breakers.snapshot().keys).toBe(0);
  });
});
