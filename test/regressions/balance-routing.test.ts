// Who may serve was wrong: limits that leaked between kinds, idle priorities that nobody asked, rules
// and refusals of others that ended a call.
import { describe, expect, it } from 'vitest';
import {
  type Balancer,
  balancer,
  type BalancerOptions,
  nearest,
  roundRobin,
  zoneAware,
  zoneWeighted,
} from 'tenfold/balance';
import { type VirtualRuntime, virtualRuntime } from 'tenfold/sim';
import { priorityLoads } from '../../src/balance/priority-loads.ts';

function made(options: BalancerOptions<string>): { runtime: VirtualRuntime; lb: Balancer<string> } {
  const runtime = virtualRuntime({ seed: 4 });
  return { runtime, lb: balancer<string>({ runtime, ...options }) };
}

const two = [
  { id: 'a', target: 'a' },
  { id: 'b', target: 'b', priority: 1 },
];
const onFailure = (_detail: unknown, outcome: string): boolean => outcome === 'failure';

describe('maxInFlight', () => {
  it('holds for a class of work when the plan of another was made after its own', () => {
    const { lb } = made({
      endpoints: [
        { id: 'eye', target: 'eye', capabilities: ['vision'], maxInFlight: 1 },
        { id: 'pen', target: 'pen', capabilities: ['text'] },
      ],
      needs: (kind) => ({ capabilities: [kind ?? 'text'] }),
    });
    lb.tryEnter({ kind: 'vision' });
    lb.tryEnter({ kind: 'text' });

    const second = lb.tryEnter({ kind: 'vision' });

    expect(second).toMatchObject({ ok: false, code: 'ERR_CONCURRENCY_LIMITED' });
  });
});

describe('the next priority', () => {
  it('takes what the first has no room for', () => {
    const { lb } = made({ endpoints: [{ ...two[0]!, maxInFlight: 1 }, two[1]!] });

    const went = [lb.tryEnter(), lb.tryEnter()];

    expect(went).toMatchObject([{ endpoint: 'a' }, { endpoint: 'b' }]);
  });

  it('takes what filters keep from the first', () => {
    const filters = [{ name: 'not a', keep: ({ id }: { id: string }) => id !== 'a' }];
    const { lb } = made({ endpoints: two, filters });

    expect(lb.tryEnter()).toMatchObject({ endpoint: 'b' });
  });

  it('is where a call is tried again', async () => {
    const { runtime, lb } = made({ endpoints: two, retryOn: onFailure });
    const work = (_call: unknown, id: string): string => {
      if (id === 'a') throw new Error('down');
      return id;
    };

    expect(await runtime.run(() => lb.run(work))).toBe('b');
  });
});

describe('the next zone', () => {
  const zones = ['near', 'far'].map((zone) => ({ id: zone, target: zone, zone, maxInFlight: 1 }));

  it('takes what the nearest has no room for', () => {
    const { lb } = made({ endpoints: zones, locality: nearest({ zone: 'near' }) });

    const went = [lb.tryEnter(), lb.tryEnter()];

    expect(went).toMatchObject([{ endpoint: 'near' }, { endpoint: 'far' }]);
  });

  it('takes nothing that weights of zones keep from it', () => {
    const { lb } = made({ endpoints: zones, locality: zoneWeighted({ weights: { near: 1 } }) });

    const went = [lb.tryEnter(), lb.tryEnter()];

    expect(went).toMatchObject([{ endpoint: 'near' }, { code: 'ERR_CONCURRENCY_LIMITED' }]);
  });

  it('does not matter when the rule throws, which is reported', () => {
    const distance = (): never => {
      throw new Error('no map');
    };
    const { runtime, lb } = made({ endpoints: zones, locality: nearest({ zone: 'x', distance }) });

    expect(lb.tryEnter().ok).toBe(true);
    expect(runtime.faults[0]?.origin).toBe('balancer: locality nearest');
  });
});

describe('retryOn', () => {
  it('is asked about a refusal by the work, and not about one by the balancer', async () => {
    const { runtime, lb } = made({ endpoints: ['a', 'b'], retryOn: onFailure });
    const closed = balancer<string>({ runtime });
    let attempts = 0;
    const work = (_call: unknown, id: string): Promise<string> | string =>
      ++attempts === 1 ? closed.run(() => 'never') : id;

    const answer = await runtime.run(() => lb.run(work));

    expect([attempts, ['a', 'b'].includes(answer)]).toEqual([2, true]);
    await lb.close();
    const asked: unknown[] = [];
    const retryOn = (detail: unknown): boolean => asked.push(detail) > 0;
    await expect(runtime.run(() => lb.run(work, {}, { retryOn }))).rejects.toThrow('closed');
    expect(asked).toEqual([]);
  });
});

describe('capacity', () => {
  const failing = (bad: string): Partial<BalancerOptions<string>> => ({
    outliers: false,
    health: { check: (id) => id !== bad, intervalMs: 100, unhealthyAfter: 1 },
    policy: roundRobin({ start: 'first' }),
  });
  const shares = (lb: Balancer<string>): Record<string, number> =>
    Object.fromEntries(lb.explain().endpoints.map(({ id, share }) => [id, share]));

  it('that is lost spills, not the number of endpoints', async () => {
    const endpoints = [
      { id: 'large', target: 'large', weight: 8 },
      ...['small', 'other'].map((id) => ({ id, target: id })),
      { id: 'spare', target: 'spare', weight: 10, priority: 1 },
    ];
    const { runtime, lb } = made({ endpoints, ...failing('large') });

    await runtime.advance(500);
    await lb.close();

    // Two of ten are left, × 1.4: 28 %.
    expect(shares(lb)).toMatchObject({ small: 0.28, other: 0.28, spare: 0.72 });
  });

  it('divides load among zones equally far, and what zones are sure of', () => {
    const endpoints = [
      ...['x0', 'x1', 'x2'].map((id) => ({ id, target: id, zone: 'x', weight: 9 })),
      ...['y0', 'y1', 'y2'].map((id) => ({ id, target: id, zone: 'y', weight: 1 })),
    ];

    const equallyFar = made({ endpoints, locality: nearest({ zone: 'z' }) });
    const aware = made({ endpoints, locality: zoneAware({ self: 'y' }) });

    expect(shares(equallyFar.lb)['x0']).toBeCloseTo(0.9, 9);
    expect(shares(aware.lb)['y0']).toBeCloseTo(0.2, 9);
  });

  it('of two zones of one name is that of one', () => {
    const endpoints = ['eu', 'us'].flatMap((region) =>
      [0, 1, 2].map((at) => ({ id: `${region}${at}`, target: region, zone: 'a', region })),
    );
    endpoints.push(
      ...[0, 1, 2, 3, 4, 5].map((at) => ({ ...endpoints[0]!, id: `b${at}`, zone: 'b' })),
    );
    const { lb } = made({ endpoints, locality: zoneAware({ self: 'a' }) });

    expect(shares(lb)).toMatchObject({ eu0: 0.5, us0: 0.5, b0: 0 });
  });

  it('of a priority is not rounded away by 1.15', () => {
    const level = { hosts: 23, healthy: 20 };
    const rules = { overprovisioning: 1.15, panicRatio: 0.5 };

    expect(priorityLoads([level, level], rules).healthy).toEqual([100, 0]);
  });
});

describe('distances', () => {
  it('that are measured are asked for again', async () => {
    const ms: Record<string, number> = { x: 1, y: 80 };
    const distance = (zone: string): number => ms[zone]!;
    const endpoints = ['x', 'y'].map((zone) => ({ id: zone, target: zone, zone }));
    const { runtime, lb } = made({ endpoints, locality: nearest({ zone: 'z', distance }) });
    expect(lb.tryEnter()).toMatchObject({ endpoint: 'x' });

    ms['x'] = 200;
    await runtime.advance(1_000);

    expect(lb.tryEnter()).toMatchObject({ endpoint: 'y' });
  });
});

describe('a slow start', () => {
  it('tells when it is over', async () => {
    const { runtime, lb } = made({ endpoints: ['a'], slowStart: { windowMs: 1_000 } });
    const seen: string[] = [];
    lb.on('state', ({ id, from, to, reason }) => seen.push(`${id}: ${from} → ${to}, ${reason}`));
    lb.update({ add: ['b'] });
    lb.tryEnter();

    await runtime.advance(1_000);
    lb.tryEnter();

    expect(seen).toEqual(['b: warming → ready, its slow start is over']);
  });
});
