// Ejections: too short, too many, or told wrongly.
import { describe, expect, it, vi } from 'vitest';
import { type Balancer, balancer, type BalancerOptions, roundRobin } from 'tenfold/balance';
import { type VirtualRuntime, virtualRuntime } from 'tenfold/sim';

function made(options: Partial<BalancerOptions<string>>): {
  runtime: VirtualRuntime;
  lb: Balancer<string>;
} {
  const runtime = virtualRuntime({ seed: 4 });
  const endpoints = ['a', 'b', 'c', 'd'];
  const policy = roundRobin({ start: 'first' });
  return { runtime, lb: balancer<string>({ endpoints, policy, runtime, ...options }) };
}

/** Sends calls that end at once, some of them badly. */
function ask(lb: Balancer<string>, calls: number, isBad: (id: string) => boolean): void {
  for (let call = 0; call < calls; call++) {
    const pass = lb.tryEnter();
    if (pass.ok) pass.done(isBad(pass.endpoint) ? 'failure' : 'success');
  }
}

const state = (lb: Balancer<string>, id: string): string | undefined =>
  lb.snapshot().endpoints.find((one) => one.id === id)?.state;

describe('ejections', () => {
  it('last longer each time, also where they end with an interval', async () => {
    const { runtime, lb } = made({ outliers: { jitterRatio: 0 } });
    const away: number[] = [];

    for (let time = 0; time < 4; time++) {
      ask(lb, 24, (id) => id === 'b');
      const from = runtime.now();
      while (state(lb, 'b') === 'ejected') await runtime.advance(1_000);
      away.push(runtime.now() - from);
    }

    expect(away).toEqual([30_000, 60_000, 90_000, 120_000]);
  });

  it('are forgiven one step for each interval in which the endpoint was well', async () => {
    const { runtime, lb } = made({ outliers: { jitterRatio: 0 } });
    for (let time = 0; time < 3; time++) {
      ask(lb, 24, (id) => id === 'b');
      // No call wakes it: what counts is when its time was over.
      await runtime.advance(30_000 * (time + 1));
      ask(lb, 4, () => false);
    }

    await runtime.advance(20_000);
    ask(lb, 24, (id) => id === 'b');

    const from = runtime.now();
    while (state(lb, 'b') === 'ejected') await runtime.advance(1_000);
    expect(runtime.now() - from).toBe(60_000);
  });

  it('keep to their share of the endpoints in use, not of those outside the subset', () => {
    const endpoints = Array.from({ length: 100 }, (_, at) => `e${at}`);
    const { lb } = made({ endpoints, subset: { size: 4, client: 'me' }, panicRatio: 0 });

    ask(lb, 200, () => true);

    const states = lb.snapshot().endpoints.map((one) => one.state);
    expect(states.filter((one) => one === 'ejected')).toHaveLength(1);
  });

  it('that end while a check still says unwell change no state', async () => {
    let isWell = true;
    const { runtime, lb } = made({
      outliers: { consecutive: 1, jitterRatio: 0 },
      health: { check: (id) => id !== 'b' || isWell, intervalMs: 1_000, jitterRatio: 0 },
    });
    ask(lb, 4, (id) => id === 'b');
    isWell = false;
    await runtime.advance(5_000);
    const seen: string[] = [];
    lb.on('state', ({ from, to }) => seen.push(`${from} → ${to}`));

    isWell = true;
    await runtime.advance(5_000);
    await lb.close();

    expect(seen).toEqual(['unhealthy → ready']);
  });
});

describe('a listener', () => {
  it('that changes endpoints finds the change complete that it is told of', () => {
    const { lb } = made({});
    const seen: (readonly string[])[] = [];
    lb.on('state', ({ id }) => {
      seen.push([id, ...lb.snapshot().endpoints.map((one) => one.id)]);
      if (id === 'a') lb.update({ add: ['y'], remove: ['x'] });
    });

    lb.update({ endpoints: ['c', 'd', 'x'] });

    expect(seen).toEqual([
      ['a', 'c', 'd', 'x'],
      ['b', 'c', 'd', 'y'],
      ['x', 'c', 'd', 'y'],
    ]);
  });
});

describe('an update', () => {
  it.each([
    null,
    { reweight: null },
    { reweight: 5 },
    { remove: 'a' },
    { add: 'e' },
    { endpoints: 5 },
  ])('with %j is refused by name', (change) => {
    const { lb } = made({});

    expect(() => lb.update(change as never)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION' }) as Error,
    );
  });

  it('that declares another quality replaces what was learned of it', () => {
    const { lb } = made({ needs: () => ({ quality: 0.9 }) });
    const endpoint = { id: 'a', target: 'a', quality: 0.5 };
    lb.update({ endpoints: [endpoint] });
    expect(lb.tryEnter().ok).toBe(false);

    lb.update({ endpoints: [{ ...endpoint, quality: 0.95 }] });

    expect(lb.tryEnter().ok).toBe(true);
  });

  it('of thousands takes time for each once', () => {
    const endpoints = Array.from({ length: 4_000 }, (_, at) => `e${at}`);
    const { lb } = made({ endpoints, subset: { size: 10, client: 'me' } });
    using sorts = vi.spyOn(Array.prototype, 'sort');

    lb.update({ remove: endpoints.slice(0, 2_000) });

    expect(sorts.mock.calls.length).toBeLessThan(5);
    expect(lb.snapshot().endpoints).toHaveLength(2_000);
  });
});

describe('a report', () => {
  it('with a part out of range changes nothing', () => {
    const { lb } = made({});

    expect(() => lb.report('a', { utilisation: 0.5, capacity: NaN })).toThrow('capacity');
    expect(() => lb.report('a', { capacity: 3, quality: 2 })).toThrow('quality');

    expect(lb.snapshot().endpoints[0]).toMatchObject({ weight: 1 });
  });
});
