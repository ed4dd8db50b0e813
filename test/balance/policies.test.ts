// What policies are made of: draws, expectations, warm keys, bounds; and what they are told.
import { describe, expect, it } from 'vitest';
import {
  type BalancePolicy,
  type Balancer,
  balancer,
  type BalancerOptions,
  consistentHash,
  type EndpointPass,
  ewma,
} from 'tenfold/balance';
import { type VirtualRuntime, virtualRuntime } from 'tenfold/sim';
import { Draws } from '../../src/balance/policies/draws.ts';
import { WarmKeys } from '../../src/balance/policies/warm-keys.ts';

const named = (count: number): string[] => Array.from({ length: count }, (_, at) => `e${at}`);

function made(options: BalancerOptions<string>): {
  runtime: VirtualRuntime;
  lb: Balancer<string>;
} {
  const runtime = virtualRuntime({ seed: 11 });
  return { runtime, lb: balancer<string>({ runtime, ...options }) };
}

function enter(lb: Balancer<string>, key?: string): EndpointPass<string> {
  const pass = lb.tryEnter({ key });
  if (!pass.ok) throw new Error(pass.message);
  return pass;
}

/** How often each endpoint is picked by calls that follow one another and all take 10 ms. */
async function picked(calls: number, options: BalancerOptions<string>): Promise<number[]> {
  const { runtime, lb } = made(options);
  for (let call = 0; call < calls; call++) {
    const pass = enter(lb);
    await runtime.advance(10);
    pass.done('success');
  }
  return lb.snapshot().endpoints.map((endpoint) => endpoint.calls);
}

describe('draws', () => {
  it.each([2, 5, 1_000])('fall evenly on %i places', (size) => {
    const draws = new Draws(virtualRuntime({ seed: 1 }).random('draws'));
    const counts = Array<number>(size).fill(0);
    for (let n = 0; n < 1_000 * size; n++) counts[draws.below(size)]!++;

    const chi2 = counts.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0);

    // Its deviation is √(2 × degrees of freedom).
    expect(chi2).toBeLessThan(size - 1 + 4 * Math.sqrt(2 * size));
  });

  it('of two are never the same, and every pair comes as often', () => {
    const draws = new Draws(virtualRuntime({ seed: 2 }).random('draws'));
    const counts = new Map<string, number>();
    for (let n = 0; n < 12_000; n++) {
      const first = draws.below(4);
      const pair = `${first} ${draws.other(first, 4)}`;
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }

    expect([...counts.keys()].filter((pair) => pair[0] === pair[2])).toEqual([]);
    expect(counts.size).toBe(12);
    expect(Math.min(...counts.values())).toBeGreaterThan(850);
    expect(draws.other(0, 1)).toBe(0);
  });
});

describe('ewma', () => {
  it.each([3, 5, 6, 40])('shares calls among %i endpoints that are all alike', async (count) => {
    const calls = await picked(100 * count, { endpoints: named(count) });

    expect(Math.min(...calls)).toBeGreaterThan(60);
    expect(Math.max(...calls)).toBeLessThan(145);
  });

  it('compares as many as it is told, and all where there are not more', async () => {
    const one = await picked(400, { endpoints: named(4), policy: ewma({ choices: 1 }) });
    const all = await picked(400, { endpoints: named(4), policy: ewma({ choices: 1_024 }) });

    for (const calls of [one, all]) expect(Math.min(...calls)).toBeGreaterThan(60);
    expect(() => ewma({ choices: 1_025 })).toThrow('ewma.choices');
  });

  it('heeds a new weight at once', () => {
    const { lb } = made({ endpoints: ['a', 'b'] });
    for (let call = 0; call < 4; call++) enter(lb);
    lb.update({ reweight: { a: 5 } });

    const next = Array.from({ length: 8 }, () => enter(lb).endpoint);

    // Two calls each; a can take eight more before it holds five for each of those of b.
    expect(new Set(next)).toEqual(new Set(['a']));
  });

  it('takes the endpoint whose calls are late for no better than they are', async () => {
    const { runtime, lb } = made({ endpoints: ['slow', 'busy'] });
    const passes = Array.from({ length: 40 }, () => enter(lb));
    await runtime.advance(10);
    for (const pass of passes) pass.done('success');
    const held: EndpointPass<string>[] = [];
    // One call that lasts at one endpoint, three fresh ones at the other.
    while (held.filter(({ endpoint }) => endpoint === 'slow').length < 1) held.push(enter(lb));
    for (const pass of held.filter(({ endpoint }) => endpoint === 'busy')) pass.done('cancelled');
    await runtime.advance(500);

    const fresh = Array.from({ length: 10 }, () => enter(lb).endpoint);

    expect(new Set(fresh)).toEqual(new Set(['busy']));
  });
});

describe('a policy of one’s own', () => {
  it('is told of every call sent and freed, and of the ends that teach', () => {
    const told: string[] = [];
    const policy: BalancePolicy = {
      name: 'own',
      start: () => ({
        pick: (among) => among.slots[0]!,
        sent: (slot) => void told.push(`sent ${slot}`),
        ended: (slot, { failed }) => void told.push(`ended ${slot} ${failed}`),
        freed: (slot) => void told.push(`freed ${slot}`),
        explain: () => ({ cost: 0, parts: {} }),
      }),
    };
    const { lb } = made({ endpoints: ['a'], policy });

    for (const outcome of ['success', 'failure', 'cancelled', 'refused'] as const) {
      enter(lb).done(outcome);
    }

    const [ends, freed] = [['ended 0 false', 'ended 0 true'], 'freed 0'];
    expect(told).toEqual([
      ...['sent 0', ends[0], freed, 'sent 0', ends[1], freed],
      ...['sent 0', freed, 'sent 0', freed],
    ]);
  });
});

describe('consistent hashing', () => {
  it.each(['ring', 'maglev', 'rendezvous'] as const)(
    'keeps every endpoint of a %s within the bound, however the keys fall',
    (table) => {
      const { runtime, lb } = made({
        ...{ endpoints: named(50), policy: consistentHash({ table, bound: 1.25 }) },
      });
      const random = runtime.random('keys');

      for (let call = 1; call <= 600; call++) {
        // A third of the calls have one key.
        enter(lb, random() < 0.33 ? 'hot' : `key ${Math.floor(random() * 100)}`);

        const most = Math.max(...lb.snapshot().endpoints.map(({ inFlight }) => inFlight));
        expect(most).toBeLessThanOrEqual(Math.ceil((call * 1.25) / 50));
      }
    },
  );
});

describe('warm keys', () => {
  const homes = (keys: WarmKeys, key: string): number[] | undefined =>
    keys.find(key)?.map(({ slot }) => slot);

  it('remember the three latest endpoints of a key', () => {
    const keys = new WarmKeys(10);
    for (const slot of [1, 2, 3, 1, 4]) keys.note('k', slot, 100);

    expect(homes(keys, 'k')).toEqual([3, 1, 4]);
  });

  it.each([1, 2, 3, 10, 1_000])('are never more than %i, and keep what is used', (most) => {
    const keys = new WarmKeys(most);
    const seen: string[] = [];
    for (let n = 0; n < 5 * most; n++) {
      keys.note(`k${n}`, 1, 100);
      if (most > 2) keys.note('used', 2, 100);
      seen.push(`k${n}`);
    }

    const known = seen.filter((key) => keys.find(key) !== undefined);
    expect(known.length).toBeLessThanOrEqual(most);
    expect(known.at(-1)).toBe(seen.at(-1));
    if (most > 2) expect(homes(keys, 'used')).toEqual([2]);
  });

  it('forget an endpoint that failed, and all of one that has gone', () => {
    const keys = new WarmKeys(4);
    for (const key of ['a', 'b', 'c']) for (const slot of [1, 2]) keys.note(key, slot, 100);

    keys.forget('a', 1);
    keys.leave(2);

    expect(['a', 'b', 'c'].map((key) => homes(keys, key))).toEqual([undefined, [1], [1]]);
  });
});
