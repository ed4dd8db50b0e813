import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyedBreakers, KeyedBreakersOptions } from '../../src/breaker/index.ts';
import { keyedBreakers } from '../../src/breaker/index.ts';
import { inVirtualTime } from './set-up.ts';

function setUp(options: KeyedBreakersOptions = {}) {
  const { breaker, ...rest } = inVirtualTime(keyedBreakers, { minimumCalls: 2, ...options });
  return { breakers: breaker, ...rest };
}

/** A call of `key` that passes, if it may, and ends. */
function call(breakers: KeyedBreakers, key: string, outcome: 'success' | 'failure'): boolean {
  const entry = breakers.tryEnter({ key });
  if (entry.ok) entry.done(outcome);
  return entry.ok;
}

function open(breakers: KeyedBreakers, ...keys: string[]): void {
  for (const key of keys) {
    call(breakers, key, 'failure');
    call(breakers, key, 'failure');
  }
}

describe('keyedBreakers', () => {
  it('opens for one key and lets the others pass', async () => {
    const { breakers, transitions } = setUp();

    open(breakers, 'bad');

    expect(call(breakers, 'bad', 'success')).toBe(false);
    await expect(breakers.run(async () => 'well', { key: 'good' })).resolves.toBe('well');
    await expect(breakers.run(async () => 'well', { key: 'bad' })).rejects.toMatchObject({
      code: 'ERR_CIRCUIT_OPEN',
      retryAfterMs: 1_000,
    });
    expect(transitions).toMatchObject([{ key: 'bad', from: 'closed', to: 'open' }]);
    expect(breakers.snapshot()).toEqual({ keys: 2, open: 1, forgottenEarly: 0 });
  });

  it('tells calls apart by what it is told to', () => {
    const { breakers } = setUp({ keyOf: ({ kind = 'any' }) => kind });

    for (let i = 0; i < 2; i++) {
      const entry = breakers.tryEnter({ key: String(i), kind: 'large' });
      if (entry.ok) entry.done('failure');
    }

    expect(breakers.peek('large')?.state).toBe('open');
    expect(breakers.tryEnter().ok).toBe(true);
    expect(breakers.peek('any')?.state).toBe('closed');
  });

  it('rejects the call, and stays sound, where the key cannot be told', async () => {
    const boom = new Error('no key');
    const { breakers } = setUp({
      keyOf: () => {
        throw boom;
      },
    });

    await expect(breakers.run(() => 1)).rejects.toBe(boom);
    expect(breakers.snapshot().keys).toBe(0);
  });

  it('knows nothing of a key that was never used', () => {
    const { breakers } = setUp();

    expect(breakers.peek('x')).toBeUndefined();
    breakers.reset('x');
    expect(breakers.snapshot().keys).toBe(0);
  });

  it('opens, closes and changes by hand, one key or all', () => {
    const { breakers } = setUp();
    breakers.trip('a', 500);
    breakers.trip('b');
    expect(breakers.peek('a')?.retryAfterMs).toBe(500);
    expect(breakers.snapshot().open).toBe(2);

    breakers.reset('a');
    expect([breakers.peek('a')?.state, breakers.peek('b')?.state]).toEqual(['closed', 'open']);
    breakers.reset();
    expect(breakers.snapshot().open).toBe(0);

    breakers.update({ mode: 'forced-open' });
    expect(call(breakers, 'a', 'success')).toBe(false);
    expect(call(breakers, 'new', 'success')).toBe(false);
    breakers.update({ mode: 'auto', minimumCalls: 1 });
    call(breakers, 'new', 'failure');
    expect(breakers.peek('new')?.state).toBe('open');
  });

  it.each([
    [{ maxKeys: 0 }, 'keyedBreakers.maxKeys'],
    [{ idleMs: 0 }, 'keyedBreakers.idleMs'],
    [{ maxOpenRatio: 0 }, 'keyedBreakers.maxOpenRatio'],
    [{ maxOpenRatio: 1.1 }, 'keyedBreakers.maxOpenRatio'],
    [{ keyOf: 'key' as never }, 'keyedBreakers.keyOf'],
    [{ failureRatio: 2 }, 'keyedBreakers.failureRatio'],
    [{ windowMs: 1, windowCalls: 1 }, 'keyedBreakers'],
    [{ maxKey: 1 } as never, 'keyedBreakers.maxKey'],
  ])('refuses %j', (options, option) => {
    expect(() => keyedBreakers(options)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', option }),
    );
  });
});

describe('the memory of keyedBreakers', () => {
  it('holds no more keys than it may, whatever comes', () => {
    const { breakers } = setUp({ maxKeys: 100 });

    for (let i = 0; i < 10_000; i++) call(breakers, `key ${i}`, 'failure');

    expect(breakers.snapshot()).toMatchObject({ keys: 100, forgottenEarly: 9_900 });
  });

  it('forgets the longest unused first, and an open key not before closed ones', () => {
    const { breakers } = setUp({ maxKeys: 3 });
    open(breakers, 'bad');
    call(breakers, 'a', 'success');
    call(breakers, 'b', 'success');
    call(breakers, 'a', 'success');

    call(breakers, 'c', 'success');

    expect(breakers.peek('b')).toBeUndefined();
    expect(breakers.peek('a')).toBeDefined();
    expect(breakers.peek('bad')?.state).toBe('open');
  });

  it('keeps an open key through a flood of new ones, each used once', () => {
    const { breakers } = setUp({ maxKeys: 50 });
    open(breakers, 'bad');

    for (let i = 0; i < 1_000; i++) call(breakers, `key ${i}`, 'success');

    expect(breakers.peek('bad')?.state).toBe('open');
  });

  it('forgets what nobody uses as others are used, but nothing that holds calls back', async () => {
    const { breakers, runtime } = setUp({ idleMs: 60_000, openMs: 300_000, openMaxMs: 300_000 });
    for (let i = 0; i < 10; i++) call(breakers, `old ${i}`, 'success');
    open(breakers, 'bad');
    await runtime.advance(60_000);

    for (let i = 0; i < 10; i++) call(breakers, `new ${i}`, 'success');

    expect(breakers.peek('old 0')).toBeUndefined();
    expect(breakers.peek('bad')?.state).toBe('open');
    expect(breakers.snapshot()).toEqual({ keys: 11, open: 1, forgottenEarly: 0 });
  });

  it('takes no harm from the late result of a key it has forgotten', () => {
    const { breakers } = setUp({ maxKeys: 1, minimumCalls: 1 });
    const entry = breakers.tryEnter({ key: 'gone' });
    call(breakers, 'other', 'success');

    if (entry.ok) entry.done('failure');

    expect(breakers.snapshot()).toMatchObject({ keys: 1, open: 0 });
    expect(breakers.peek('gone')).toBeUndefined();
  });
});

describe('keyedBreakers under any load', () => {
  it('stay within their bounds, and agree with what they show of each key', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const step = fc.record({
      key: fc.constantFrom(...names),
      outcome: fc.constantFrom('success', 'failure', 'failure' as const),
      waitMs: fc.constantFrom(0, 0, 0, 10, 400, 3_000),
    });
    const bounds = fc.record({
      maxKeys: fc.integer({ min: 1, max: 6 }),
      maxOpenRatio: fc.constantFrom(0.25, 0.5, 1),
    });
    await fc.assert(
      fc.asyncProperty(bounds, fc.array(step, { maxLength: 80 }), async (bound, steps) => {
        const { breakers, runtime } = setUp({ ...bound, idleMs: 2_000 });
        breakers.on('transition', ({ from, to }) => {
          if (from !== 'closed' || to !== 'open') return;
          const { open: now, keys } = breakers.snapshot();
          expect(now).toBeLessThanOrEqual(Math.max(1, Math.floor(bound.maxOpenRatio * keys)));
        });

        for (const { key, outcome, waitMs } of steps) {
          if (waitMs > 0) await runtime.advance(waitMs);
          call(breakers, key, outcome as 'success');
          const known = names.map((name) => breakers.peek(name)).filter((one) => one !== undefined);
          const holding = known.filter(
            ({ state, retryAfterMs }) => state === 'half-open' || retryAfterMs > 0,
          );
          expect(breakers.snapshot()).toMatchObject({ keys: known.length, open: holding.length });
          expect(known.length).toBeLessThanOrEqual(bound.maxKeys);
        }
        expect(runtime.faults).toEqual([]); // where the listener's expectation would end
      }),
      { numRuns: 200 },
    );
  });
});

describe('the share of keys that may be open', () => {
  const keys = ['a', 'b', 'c', 'd'];

  it('keeps a key closed that would be one too many, and says so', () => {
    const { breakers } = setUp({ maxOpenRatio: 0.5 });
    const capped = new Set<string | undefined>();
    breakers.on('capped', ({ key }) => capped.add(key));
    for (const key of keys) call(breakers, key, 'success');

    open(breakers, 'a', 'b', 'c');

    expect(breakers.snapshot().open).toBe(2);
    expect(breakers.peek('c')?.state).toBe('closed');
    expect([...capped]).toEqual(['c']);
  });

  it('lets one key open however few there are', () => {
    const { breakers } = setUp({ maxOpenRatio: 0.1 });

    open(breakers, 'a');

    expect(breakers.peek('a')?.state).toBe('open');
  });

  it('counts an open key no longer once it is only waiting for a call', async () => {
    const { breakers, runtime } = setUp({ maxOpenRatio: 0.25 });
    for (const key of keys) call(breakers, key, 'success');
    open(breakers, 'a');
    await runtime.advance(1_000);

    open(breakers, 'b');

    expect(breakers.peek('b')?.state).toBe('open');
  });

  it('holds for what a response asks for, but not against a key that is open already', async () => {
    const asked = Object.assign(new Error('too many'), { openMs: 5_000 });
    const { breakers, runtime } = setUp({
      maxOpenRatio: 0.5,
      openMsFor: (error) => (error as { openMs?: number }).openMs,
    });
    const ask = (key: string): Promise<unknown> =>
      breakers.run(() => Promise.reject(asked), { key }).catch(() => undefined);
    await ask('a');
    await ask('b');
    expect(breakers.snapshot().open).toBe(1);

    await runtime.advance(5_000);
    await ask('a'); // its probe

    expect(breakers.peek('a')).toMatchObject({ state: 'open', retryAfterMs: 5_000 });
  });

  it('does not bind a hand', () => {
    const { breakers } = setUp({ maxOpenRatio: 0.25 });

    for (const key of keys) breakers.trip(key);

    expect(breakers.snapshot().open).toBe(4);
  });
});
