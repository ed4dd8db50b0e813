// Weights far from 1, thousands of endpoints, and a bound that everybody was above.
import { describe, expect, it } from 'vitest';
import {
  balancer,
  type BalancePolicy,
  consistentHash,
  type EndpointPass,
  ewma,
  leastRequest,
  randomChoice,
  roundRobin,
  scored,
} from 'tenfold/balance';
import { virtualRuntime } from 'tenfold/sim';

const policies: Readonly<Record<string, () => BalancePolicy>> = {
  ...{ ewma, leastRequest, randomChoice, scored, 'consistent hash': consistentHash },
  maglev: () => consistentHash({ table: 'maglev' }),
  rendezvous: () => consistentHash({ table: 'rendezvous' }),
  smooth: () => roundRobin(),
  deadline: () => roundRobin({ order: 'deadline' }),
  stride: () => roundRobin({ order: 'stride' }),
};
const named = (count: number): string[] => Array.from({ length: count }, (_, at) => `e${at}`);

describe('weights', () => {
  it.each([5e-324, 1e-7, 1e7, 1e300, 1.7e308])(
    'of %d are refused, and so are reports',
    (weight) => {
      const lb = balancer({ endpoints: ['a'], runtime: virtualRuntime() });

      expect(() => balancer({ endpoints: [{ id: 'a', target: 1, weight }] })).toThrow('weight');
      expect(() => lb.update({ reweight: { a: weight } })).toThrow('reweight.a');
      expect(() => lb.report('a', { capacity: weight })).toThrow('capacity');
    },
  );

  it.each(Object.keys(policies))('as far apart as may be are served by %s', (name) => {
    const runtime = virtualRuntime();
    const endpoints = [1e-6, 1e6, 1].map((weight, at) => ({ id: `e${at}`, target: at, weight }));
    const slowStart = { minWeightRatio: 0.001, aggression: 0.01 };
    const lb = balancer({ endpoints, runtime, policy: policies[name]!(), slowStart });
    lb.report('e0', { capacity: 1e-6 });
    lb.update({ add: [{ id: 'new', target: 9, weight: 1e-6 }] });

    for (let call = 0; call < 200; call++) {
      const pass = lb.tryEnter({ key: `k${call}` });
      expect(pass.ok).toBe(true);
      if (pass.ok) pass.done('success');
    }
  });

  it('of 256 and of 0.001 make the same ring as those of 1', () => {
    const owners = [0.001, 1, 256].map((weight) => {
      const endpoints = named(10).map((id) => ({ id, target: id, weight }));
      const policy = consistentHash({ bound: Infinity });
      const lb = balancer({ endpoints, policy, runtime: virtualRuntime() });
      return Array.from({ length: 2_000 }, (_, key) => {
        const pass = lb.tryEnter({ key: `k${key}` });
        return pass.ok ? pass.endpoint : '';
      });
    });

    const shares = named(10).map((id) => owners[0]!.filter((one) => one === id).length / 200);
    expect(Math.max(...shares)).toBeLessThan(1.3);
    // 0.001 is no power of two: 164 points instead of 160.
    const same = owners[0]!.filter((owner, at) => owner === owners[1]![at]).length;
    expect(same / 2_000).toBeGreaterThan(0.95);
    expect(owners[2]).toEqual(owners[1]);
  });
});

describe('consistent hashing', () => {
  it.each(['ring', 'maglev', 'rendezvous'] as const)(
    'by %s gives keys by the weights of now',
    (table) => {
      const policy = consistentHash({ table, bound: Infinity });
      const lb = balancer({ endpoints: named(4), policy, runtime: virtualRuntime() });
      const shareOf = (id: string): number => {
        const picks = Array.from({ length: 4_000 }, (_, key) => lb.tryEnter({ key: `k${key}` }));
        return picks.filter((pass) => pass.ok && pass.endpoint === id).length / 4_000;
      };
      expect(shareOf('e0')).toBeLessThan(0.35);

      lb.update({ reweight: { e0: 9 } });
      expect(shareOf('e0')).toBeCloseTo(0.75, 1);

      lb.update({ endpoints: named(4) });
      expect(shareOf('e0')).toBeLessThan(0.35);
    },
  );
});

describe('bounded consistent hashing', () => {
  it('keeps keys at home when half of the endpoints are ill', async () => {
    const runtime = virtualRuntime({ seed: 4 });
    const check = (id: string): boolean => Number(id.slice(1)) >= 10;
    const lb = balancer({
      ...{ endpoints: named(20), runtime, policy: consistentHash(), panicRatio: 0 },
      health: { check, intervalMs: 100, unhealthyAfter: 1 },
    });
    await runtime.advance(500);
    const random = runtime.random('keys');
    const homes = new Map<string, string>();
    const open: EndpointPass<string>[] = [];
    let atHome = 0;

    for (let call = 0; call < 10_000; call++) {
      const key = `k${Math.floor(random() * 1_000)}`;
      const pass = lb.tryEnter({ key });
      if (!pass.ok) throw new Error(pass.message);
      if (pass.endpoint === homes.get(key)) atHome++;
      if (!homes.has(key)) homes.set(key, pass.endpoint);
      if (open.push(pass) > 400) open.shift()!.done('success');
    }
    await lb.close();

    expect(atHome / 9_000).toBeGreaterThan(0.75);
  });
});
