// Running work: attempts at other endpoints, hedges, cancellation, streams; and bad input.
import { describe, expect, it } from 'vitest';
import { compose, hedge, isRejectedError, retry, retryBudget, timeout } from 'tenfold';
import {
  type Balancer,
  balancer,
  type BalancerOptions,
  leastRequest,
  roundRobin,
} from 'tenfold/balance';
import { type VirtualRuntime, virtualRuntime } from 'tenfold/sim';

function made<T = string>(
  options: BalancerOptions<T>,
): { runtime: VirtualRuntime; lb: Balancer<T> } {
  const runtime = virtualRuntime({ seed: 3 });
  return { runtime, lb: balancer<T>({ runtime, ...options }) };
}

const endpoints = ['a', 'b', 'c'];
const inFlight = <T>(lb: Balancer<T>): number =>
  lb.snapshot().endpoints.reduce((sum, one) => sum + one.inFlight, 0);

describe('run', () => {
  it('hands work the call and the target, and frees the endpoint when it has ended', async () => {
    const { runtime, lb } = made({ endpoints: [{ id: 'a', target: { url: 'http://a' } }] });

    const answer = await runtime.run(() =>
      lb.run(async ({ attempt, key }, { url }) => `${key} ${attempt} ${url}`, { key: 'k' }),
    );

    expect(answer).toBe('k 1 http://a');
    expect(inFlight(lb)).toBe(0);
  });

  it('rejects with the error of the work, and with a refusal when nobody can serve', async () => {
    const { runtime, lb } = made<string>({});

    await runtime.run(async () => {
      const refused = await lb.run(() => 1).catch((error: unknown) => error);
      expect(isRejectedError(refused) && refused.code).toBe('ERR_UNAVAILABLE');
      expect(String(refused)).toContain('there are no endpoints');
      lb.update({ add: ['a'] });
      await expect(lb.run(() => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
    });
  });

  it('tries another endpoint when told to, each once, and answers with the last end', async () => {
    const { runtime, lb } = made({ endpoints });
    const tried: string[] = [];

    await runtime.run(async () => {
      const failing = lb.run(
        (call, id) => {
          tried.push(`${id} ${call.attempt}`);
          throw new Error(`from ${id}`);
        },
        {},
        { retryOn: () => true, attempts: 3 },
      );
      const error: unknown = await failing.catch((thrown: unknown) => thrown);
      expect((error as Error).message).toBe(`from ${tried[2]![0]}`);
    });

    expect(tried.map((one) => one[0]).sort()).toEqual(endpoints);
    expect(tried.map((one) => one[2])).toEqual(['1', '2', '3']);
    expect(inFlight(lb)).toBe(0);
  });

  it('tries another for a bad answer, too, and none for what is not listed', async () => {
    const { runtime, lb } = made({
      ...{ endpoints, policy: roundRobin({ start: 'first' }) },
      retryOn: (detail, outcome) => outcome === 'success' && (detail as Response).status === 503,
    });

    await runtime.run(async () => {
      const good = await lb.run((_call, id) => ({ status: id === 'a' ? 503 : 200, id }));
      expect(good).toEqual({ status: 200, id: 'b' });
      await expect(lb.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    });
  });

  it('uses the same endpoint again where there is only one', async () => {
    const { runtime, lb } = made({ endpoints: ['a'], retryOn: () => true });
    let calls = 0;

    const answer = await runtime.run(() =>
      lb.run(
        (_call, id) => {
          if (++calls === 1) throw new Error('once');
          return id;
        },
        {},
        { retryOn: (_detail, outcome) => outcome === 'failure' },
      ),
    );

    expect([answer, calls]).toEqual(['a', 2]);
  });

  it('hedges at another endpoint, and the loser counts neither for nor against it', async () => {
    const { runtime, lb } = made({ endpoints, policy: leastRequest() });
    const late = hedge({ delayMs: 50, runtime });
    const went: string[] = [];

    const answer = await runtime.run(() =>
      lb.run(
        async ({ signal }, id) => {
          went.push(id);
          await runtime.sleep(went.length === 1 ? 10_000 : 5, signal);
          return id;
        },
        {},
        { hedge: late },
      ),
    );

    expect(went).toHaveLength(2);
    expect(went[0]).not.toBe(went[1]);
    expect(answer).toBe(went[1]);
    expect(runtime.now()).toBe(55);
    const first = lb.snapshot().endpoints.find(({ id }) => id === went[0])!;
    expect(first).toMatchObject({ inFlight: 0, calls: 1, failures: 0, latencyMs: 0 });
  });

  it('takes retries with back-off and a budget from a policy', async () => {
    const { runtime, lb } = made({ endpoints });
    const patient = compose(
      retry({
        attempts: 3,
        delayMs: 100,
        jitter: 'none',
        budget: retryBudget({ runtime }),
        runtime,
      }),
      timeout({ ms: 5_000, runtime }),
    );
    const went: string[] = [];

    await runtime.run(async () => {
      const failing = lb.run(
        (_call, id) => {
          went.push(id);
          throw new Error('down');
        },
        {},
        { hedge: patient },
      );
      await expect(failing).rejects.toThrow('down');
    });

    expect(new Set(went)).toEqual(new Set(endpoints));
    expect(runtime.now()).toBeGreaterThanOrEqual(200);
  });

  it('answers an abort at once, and holds the endpoint until the work has settled', async () => {
    const { runtime, lb } = made({ endpoints: ['a'] });
    const controller = new AbortController();

    await runtime.run(async () => {
      const answer = lb.run(() => runtime.sleep(1_000), { signal: controller.signal });
      await runtime.sleep(10);
      controller.abort(new Error('enough'));
      await expect(answer).rejects.toThrow('enough');
      expect(runtime.now()).toBe(10);
      expect(inFlight(lb)).toBe(1);
      await runtime.sleep(1_000);
    });

    expect(inFlight(lb)).toBe(0);
    expect(lb.snapshot().endpoints[0]).toMatchObject({ failures: 0, errorRatio: 0 });
  });

  it('makes no further attempt for a caller who has gone', async () => {
    const { runtime, lb } = made({ endpoints });
    const controller = new AbortController();
    let calls = 0;

    await runtime.run(async () => {
      const answer = lb.run(
        async ({ signal }) => {
          calls++;
          await runtime.sleep(100, signal);
        },
        { signal: controller.signal },
        { retryOn: () => true, attempts: 5 },
      );
      await runtime.sleep(10);
      controller.abort(new Error('gone'));
      await expect(answer).rejects.toThrow('gone');
      await runtime.sleep(1_000);
    });

    expect(calls).toBe(1);
  });

  it('holds an endpoint until its stream has ended', async () => {
    const { runtime, lb } = made({ endpoints: ['a'] });

    await runtime.run(async () => {
      const stream = await lb.run(async function* () {
        for (let token = 0; token < 3; token++) {
          await runtime.sleep(100);
          yield token;
        }
      });
      expect(inFlight(lb)).toBe(1);
      for await (const _token of stream);
    });

    expect(inFlight(lb)).toBe(0);
    expect(lb.snapshot().endpoints[0]!.latencyMs).toBe(300);
  });
});

describe('figures', () => {
  it('say how even calls lie for the weights', () => {
    const { lb } = made({
      endpoints: [
        { id: 'a', target: 1 },
        { id: 'b', target: 2, weight: 3 },
      ],
      policy: roundRobin(),
    });
    for (let call = 0; call < 40; call++) {
      const pass = lb.tryEnter();
      if (pass.ok) pass.done('success');
    }

    expect(lb.snapshot().calls).toEqual({ peakToMean: 1, jain: 1 });
    const held = lb.tryEnter();
    expect(held.ok).toBe(true);
    expect(lb.snapshot().inFlight).toEqual({ peakToMean: 2, jain: 0.5 });
    expect(made({}).lb.snapshot().calls).toEqual({ peakToMean: 1, jain: 1 });
  });
});

describe('bad input', () => {
  const bad: readonly (readonly [string, unknown])[] = [
    ['balancer.endpoints', { endpoints: 'http://a' }],
    ['balancer.endpoints[1].id', { endpoints: ['a', 'a'] }],
    ['balancer.endpoints[0].id', { endpoints: [''] }],
    ['balancer.endpoints[0].id', { endpoints: [{ target: 1 }] }],
    ['balancer.endpoints[0]', { endpoints: [null] }],
    ['balancer.endpoints[0].weight', { endpoints: [{ id: 'a', target: 1, weight: 0 }] }],
    ['balancer.endpoints[0].weight', { endpoints: [{ id: 'a', target: 1, weight: NaN }] }],
    ['balancer.endpoints[0].weight', { endpoints: [{ id: 'a', target: 1, weight: Infinity }] }],
    ['balancer.endpoints[0].priority', { endpoints: [{ id: 'a', target: 1, priority: -1 }] }],
    ['balancer.endpoints[0].maxInFlight', { endpoints: [{ id: 'a', target: 1, maxInFlight: 0 }] }],
    ['balancer.endpoints[0].quality', { endpoints: [{ id: 'a', target: 1, quality: 2 }] }],
    [
      'balancer.endpoints[0].capabilities',
      { endpoints: [{ id: 'a', target: 1, capabilities: 'x' }] },
    ],
    ['balancer.endpoints[0].wieght', { endpoints: [{ id: 'a', target: 1, wieght: 2 }] }],
    ['balancer.policy', { policy: 'ewma' }],
    ['balancer.panicRatio', { panicRatio: 1.5 }],
    ['balancer.overprovisioning', { overprovisioning: 0.5 }],
    ['balancer.inPanic', { inPanic: 'hide' }],
    ['balancer.memoryMs', { memoryMs: 0 }],
    ['balancer.slowStart.minWeightRatio', { slowStart: { minWeightRatio: 0 } }],
    ['balancer.outliers.consecutive', { outliers: { consecutive: 0 } }],
    ['balancer.outliers.maxRatio', { outliers: { maxRatio: NaN } }],
    ['balancer.outliers.method', { outliers: { method: 'guess' } }],
    ['balancer.health.check', { health: {} }],
    ['balancer.health.intervalMs', { health: { check: () => true, intervalMs: -1 } }],
    ['balancer.subset.size', { subset: { size: 0, client: 1 } }],
    ['balancer.subset.client', { subset: { size: 1, client: -1 } }],
    ['balancer.sticky.idleMs', { sticky: { idleMs: 0 } }],
    ['balancer.locality', { locality: 'eu' }],
    ['balancer.filters[0].keep', { filters: [{ name: 'x' }] }],
    ['balancer.attempts', { attempts: 0 }],
    ['balancer.hedge', { hedge: () => 1 }],
    ['balancer.endpoint', { endpoint: [] }],
    ['balancer.outliers', { outliers: 5 }],
    ['balancer.outliers.consecutve', { outliers: { consecutve: 3 } }],
    ['balancer.health.interval', { health: { check: () => true, interval: 3 } }],
    ['balancer.sticky', { sticky: true }],
    ['balancer.slowStart', { slowStart: true }],
    ['balancer.filters', { filters: 'x' }],
  ];

  it.each(bad)('names the option: %s', (option, options) => {
    expect(() => balancer(options as BalancerOptions<string>)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', option }) as Error,
    );
  });

  it('takes null for no call', async () => {
    const { runtime, lb } = made({ endpoints });

    const pass = lb.tryEnter(null as never);
    const answer = await runtime.run(() => lb.run(() => 1, null as never));

    expect([pass.ok, answer, lb.explain(null as never).endpoints.length]).toEqual([true, 1, 3]);
  });

  it.each([5, 'key', true])('names a call that is none: %j', (call) => {
    const { lb } = made({ endpoints });

    expect(() => lb.tryEnter(call as never)).toThrow('balancer.call');
    expect(() => lb.run(() => 1, call as never)).toThrow('balancer.call');
    expect(() => lb.explain(call as never)).toThrow('balancer.call');
    expect(inFlight(lb)).toBe(0);
  });

  it('names work that is none', () => {
    const { lb } = made({ endpoints });

    expect(() => lb.run(null as never)).toThrow('balancer.run.work');
    expect(inFlight(lb)).toBe(0);
  });

  it('survives classifiers, needs, retryOn and listeners that throw', async () => {
    const oops = (): never => {
      throw new Error('oops');
    };
    const { runtime, lb } = made({ endpoints, classify: oops, qualityOf: oops, needs: oops });
    lb.on('state', oops);

    await runtime.run(async () => {
      expect(await lb.run(() => 1)).toBe(1);
      await expect(lb.run(() => 1, {}, { retryOn: oops })).rejects.toThrow('oops');
      lb.update({ remove: ['a'] });
    });

    const origins = new Set(runtime.faults.map(({ origin }) => origin));
    expect(origins).toEqual(
      new Set([
        'balancer: needs',
        'balancer: classify',
        'balancer: qualityOf',
        "balancer: listener of 'state'",
      ]),
    );
    expect(inFlight(lb)).toBe(0);
  });
});
