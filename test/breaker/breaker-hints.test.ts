import { describe, expect, it } from 'vitest';
import type {
  BreakerHint,
  BreakerHints,
  CircuitBreaker,
  CircuitBreakerOptions,
} from '../../src/breaker/index.ts';
import { circuitBreaker, keyedBreakers } from '../../src/breaker/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

const boom = new Error('boom');

/** A channel that delivers at once, to everybody, the sender too. */
function channel() {
  const listeners = new Set<(hint: BreakerHint) => void>();
  const sent: BreakerHint[] = [];
  const hints: BreakerHints = {
    publish: (hint) => {
      sent.push(hint);
      // Through a wire, which keeps no undefined.
      const arrived = JSON.parse(JSON.stringify(hint)) as BreakerHint;
      for (const listener of listeners) listener(arrived);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return { [Symbol.dispose]: () => listeners.delete(listener) };
    },
  };
  const deliver = (hint: unknown): void => {
    for (const listener of listeners) listener(hint as BreakerHint);
  };
  return { hints, sent, listeners, deliver };
}

function setUp(options: CircuitBreakerOptions = {}) {
  const runtime = virtualRuntime();
  const { hints, ...wire } = channel();
  const make = (): CircuitBreaker =>
    circuitBreaker({
      minimumCalls: 10,
      openMs: 1_000,
      openJitterRatio: 0,
      halfOpenProbes: 1,
      name: 'backend',
      hints,
      runtime,
      ...options,
    });
  return { runtime, here: make(), there: make(), ...wire };
}

function end(breaker: CircuitBreaker, outcome: 'success' | 'failure', times = 1): void {
  for (let i = 0; i < times; i++) {
    const entry = breaker.tryEnter();
    if (entry.ok) entry.done(outcome);
  }
}

describe('hints between breakers', () => {
  it('tell what was found out, and nothing that was heard or done by hand', async () => {
    const { here, there, runtime, sent } = setUp({ hintTrust: 'open' });
    here.trip();
    here.reset();
    end(here, 'failure', 10);
    expect(there.state).toBe('open');
    await runtime.advance(1_000);
    end(here, 'failure');
    await runtime.advance(2_000);
    end(here, 'success');

    expect(sent).toEqual([
      { breaker: 'backend', key: undefined, state: 'open', openMs: 1_000 },
      { breaker: 'backend', key: undefined, state: 'open', openMs: 2_000 },
      { breaker: 'backend', key: undefined, state: 'closed', openMs: 0 },
    ]);
  });

  it('make others believe their first bad call, for as long as the sender stays open', async () => {
    const { here, there, runtime } = setUp();
    end(here, 'failure', 10);
    expect(there.state).toBe('closed');
    end(there, 'success');
    end(there, 'failure');
    expect(there.state).toBe('open');

    there.reset();
    here.reset();
    end(here, 'failure', 10);
    await runtime.advance(1_000);
    end(there, 'failure');
    expect(there.state).toBe('closed');
  });

  it('open others where they are trusted so far, within their own longest time', () => {
    const { there, deliver } = setUp({ hintTrust: 'open', openMaxMs: 5_000 });

    deliver({ breaker: 'backend', state: 'open', openMs: 1e9 });

    expect(there.snapshot()).toMatchObject({ state: 'open', retryAfterMs: 5_000 });
  });

  it('let others ask at once when one has found the backend well, with a ramp too', async () => {
    const { here, there, runtime } = setUp({ rampMs: 60_000 });
    here.trip(1_000);
    there.trip(30_000);
    await runtime.advance(1_000);
    expect(there.tryEnter().ok).toBe(false);

    end(here, 'success');

    expect(here.state).toBe('ramping');
    end(there, 'success');
    expect(there.state).toBe('ramping');
  });

  it('leave a mode set by hand as it is', () => {
    const { there, deliver } = setUp({ hintTrust: 'open', mode: 'forced-closed' });

    deliver({ breaker: 'backend', state: 'open', openMs: 1_000 });

    expect(there.state).toBe('forced-closed');
  });

  it.each([
    [undefined],
    ['open'],
    [{ breaker: 'other', state: 'open', openMs: 1 }],
    [{ breaker: 'backend', state: 'ajar', openMs: 1 }],
    [{ breaker: 'backend', state: 'open', openMs: -1 }],
    [{ breaker: 'backend', state: 'open', openMs: 0 }],
    [{ breaker: 'backend', state: 'open', openMs: '1' }],
    [{ breaker: 'backend', key: 7, state: 'open', openMs: 1 }],
    [{ breaker: 'backend', key: 'some', state: 'open', openMs: 1 }],
  ])('are ignored when they are not for it or make no sense: %j', (hint) => {
    const { there, deliver, runtime } = setUp({ hintTrust: 'open' });

    deliver(hint);

    expect(there.state).toBe('closed');
    expect(runtime.faults).toEqual([]);
  });

  it.each([
    [
      'throws',
      () => {
        throw boom;
      },
    ],
    ['rejects', () => Promise.reject(boom)],
  ])(
    'that cannot be sent are reported, and the breaker opens all the same: %s',
    async (_how, publish) => {
      const { hints } = channel();
      const { here, runtime } = setUp({ hints: { ...hints, publish } });

      end(here, 'failure', 10);
      await runtime.advance(0);

      expect(here.state).toBe('open');
      expect(runtime.faults).toMatchObject([{ error: boom, origin: 'backend: hints' }]);
    },
  );

  it('are heard no longer once the breaker is closed down', () => {
    const { here, there, listeners } = setUp();

    here.close();
    here.close();
    there.close();

    expect(listeners.size).toBe(0);
  });

  it('go by key where breakers do, and make nobody remember a key', () => {
    const runtime = virtualRuntime();
    const { hints } = channel();
    const make = () => keyedBreakers({ minimumCalls: 2, hintTrust: 'open', hints, runtime });
    const [here, there] = [make(), make()];
    there.tryEnter({ key: 'a' });
    there.tryEnter({ key: 'b' });

    for (const key of ['a', 'c']) {
      for (let i = 0; i < 2; i++) {
        const entry = here.tryEnter({ key });
        if (entry.ok) entry.done('failure');
      }
    }

    expect([there.peek('a')?.state, there.peek('b')?.state]).toEqual(['open', 'closed']);
    expect(there.peek('c')).toBeUndefined();
  });
});
