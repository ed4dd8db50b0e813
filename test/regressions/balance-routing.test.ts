// Who may serve was wrong: limits that leaked between kinds, idle priorities that nobody asked, rules
// and refusals of others that ended a call.
import { describe, expect, it } from 'vitest';
import {
  type Balancer,
  balancer,
  type BalancerOptions,
  nearest,
  zoneWeighted,
} from 'tenfold/balance';
import { type VirtualRuntime, virtualRuntime } from 'tenfold/sim';

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
