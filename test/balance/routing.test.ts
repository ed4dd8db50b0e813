// Who may serve a call: zones, subsets, needs, filters, room; and which of them the policies prefer.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  affinity,
  allOf,
  anyOf,
  type Balancer,
  balancer,
  type BalancePolicy,
  type BalancerOptions,
  consistentHash,
  type EndpointPass,
  ewma,
  type HealthCheck,
  leastRequest,
  nearest,
  peakEwma,
  probing,
  quorumOf,
  randomChoice,
  roundRobin,
  scored,
  zoneAware,
  zoneWeighted,
} from 'tenfold/balance';
import { type VirtualRuntime, virtualRuntime } from 'tenfold/sim';
import { subsetOf } from '../../src/balance/subset.ts';

function enter<T>(lb: Balancer<T>, call = {}): EndpointPass<T> {
  const pass = lb.tryEnter(call);
  if (!pass.ok) throw new Error(pass.message);
  return pass;
}

function picks<T>(lb: Balancer<T>, calls: number, call = {}): string[] {
  return Array.from({ length: calls }, () => {
    const pass = enter(lb, call);
    pass.done('success');
    return pass.endpoint;
  });
}

const share = (picked: readonly string[], test: (id: string) => boolean): number =>
  picked.filter(test).length / picked.length;

function made<T = string>(
  options: BalancerOptions<T>,
  seed = 1,
): { runtime: VirtualRuntime; lb: Balancer<T> } {
  const runtime = virtualRuntime({ seed });
  return { runtime, lb: balancer<T>({ runtime, ...options }) };
}

const at = (zone: string, region: string, count: number) =>
  Array.from({ length: count }, (_, n) => ({ id: `${zone}${n}`, target: n, zone, region }));

describe('localities', () => {
  it('stay in the own zone where that keeps all zones even', () => {
    const endpoints = [...at('a', '', 4), ...at('b', '', 4)];
    const { lb } = made({ endpoints, locality: zoneAware({ self: 'a' }) });

    expect(share(picks(lb, 1_000), (id) => id.startsWith('a'))).toBe(1);
  });

  it('send away what a small zone cannot take', () => {
    const endpoints = [...at('a', '', 2), ...at('b', '', 6)];
    const { lb } = made({ endpoints, locality: zoneAware({ self: 'a' }), policy: randomChoice() });

    // A quarter of the endpoints for half of the callers: half of the calls stay.
    expect(share(picks(lb, 4_000), (id) => id.startsWith('a'))).toBeCloseTo(0.5, 1);
  });

  it('go by weights of zones', () => {
    const endpoints = [...at('a', '', 2), ...at('b', '', 6), ...at('c', '', 2)];
    const locality = zoneWeighted({ weights: { a: 3, b: 1 } });
    const { lb } = made({ endpoints, locality, policy: randomChoice() });

    const picked = picks(lb, 4_000);

    expect(share(picked, (id) => id.startsWith('a'))).toBeCloseTo(0.75, 1);
    expect(share(picked, (id) => id.startsWith('c'))).toBe(0);
  });

  it('fail over to the next zone, then the next region, as the nearer ones lose endpoints', () => {
    const endpoints = [...at('eu-1', 'eu', 4), ...at('eu-2', 'eu', 4), ...at('us-1', 'us', 4)];
    const { lb } = made({
      ...{ endpoints, locality: nearest({ zone: 'eu-1', region: 'eu' }), panicRatio: 0 },
      ...{ policy: randomChoice(), outliers: { consecutive: 1, maxRatio: 1 } },
    });
    const zones = (): string[] => {
      const picked = picks(lb, 2_000);
      return ['eu-1', 'eu-2', 'us-1'].map((zone) =>
        share(picked, (id) => id.startsWith(zone)).toFixed(1),
      );
    };
    const lose = (test: (id: string) => boolean): void => {
      for (let call = 0; call < 400; call++) {
        const pass = enter(lb);
        pass.done(test(pass.endpoint) ? 'failure' : 'success');
      }
    };

    expect(zones()).toEqual(['1.0', '0.0', '0.0']);
    lose((id) => id === 'eu-10' || id === 'eu-11');
    expect(zones()).toEqual(['0.7', '0.3', '0.0']);
    lose((id) => id.startsWith('eu-1'));
    expect(zones()).toEqual(['0.0', '1.0', '0.0']);
    lose((id) => id.startsWith('eu'));
    expect(zones()).toEqual(['0.0', '0.0', '1.0']);
  });

  it('go by distance', () => {
    const endpoints = [...at('x', '', 2), ...at('y', '', 2)];
    const distance = (zone: string): number => (zone === 'y' ? 10 : 80);
    const { lb } = made({ endpoints, locality: nearest({ zone: 'z', distance }) });

    expect(share(picks(lb, 200), (id) => id.startsWith('y'))).toBe(1);
  });
});

describe('latencies, without a locality', () => {
  it('keep calls near while that is not busy, and send them far when it is', async () => {
    const endpoints = [...at('near', '', 4), ...at('far', '', 4)];
    const { runtime, lb } = made({ endpoints });
    const load = async (calls: number, everyMs: number): Promise<number> => {
      let near = 0;
      for (let call = 0; call < calls; call++) {
        const pass = enter(lb);
        const isNear = pass.endpoint.startsWith('near');
        if (isNear) near++;
        // What is near is as slow as it is busy.
        const { inFlight } = lb.snapshot().endpoints.find(({ id }) => id === pass.endpoint)!;
        runtime.arm(
          { alarmId: -1, ring: (now) => pass.done('success', undefined, now) },
          isNear ? 10 * inFlight : 80,
        );
        await runtime.advance(everyMs);
      }
      return near / calls;
    };
    await load(200, 5);

    expect(await load(1_000, 5)).toBeGreaterThan(0.9);
    expect(await load(1_000, 0.1)).toBeLessThan(0.9);
  });
});

describe('subsets', () => {
  it('use every endpoint alike over numbered clients, and nearly so over named ones', () => {
    const ids = Array.from({ length: 100 }, (_, n) => `e${n}`);
    const uses = (clients: readonly (number | string)[]): number[] => {
      const used = clients.flatMap((client) => subsetOf(ids, { size: 10, client }));
      return ids.map((id) => used.filter((one) => one === id).length);
    };

    const numbered = uses(Array.from({ length: 200 }, (_, n) => n));
    const named = uses(Array.from({ length: 200 }, (_, n) => `client ${n}`));

    expect(new Set(numbered)).toEqual(new Set([20]));
    expect(Math.max(...named)).toBeLessThan(38);
  });

  it('of a named client change by one when one endpoint goes', () => {
    const ids = Array.from({ length: 50 }, (_, n) => `e${n}`);
    const before = subsetOf(ids, { size: 8, client: 'me' });

    const after = subsetOf(
      ids.filter((id) => id !== before[0]),
      { size: 8, client: 'me' },
    );

    expect(after.filter((id) => !before.includes(id))).toHaveLength(1);
  });

  it('bound what a balancer uses, and are drawn anew when endpoints change', () => {
    const endpoints = Array.from({ length: 20 }, (_, n) => `e${n}`);
    const { lb } = made({ endpoints, subset: { size: 3, client: 'me' } });
    const used = new Set(picks(lb, 500));
    expect(used.size).toBe(3);

    lb.update({ remove: [...used].slice(0, 1) });

    expect(new Set(picks(lb, 500)).size).toBe(3);
    expect(lb.snapshot().endpoints.filter(({ state }) => state === 'outside')).toHaveLength(16);
  });
});

describe('needs and filters', () => {
  const models = [
    { id: 'small', target: 's', capabilities: ['text'], maxComplexity: 3, quality: 0.7 },
    { id: 'large', target: 'l', capabilities: ['text', 'vision'], maxComplexity: 9, quality: 0.95 },
    { id: 'huge', target: 'h', quality: 0.99 },
  ];
  const needs = (kind: string | undefined) =>
    ({
      vision: { capabilities: ['vision'] },
      hard: { complexity: 5 },
      best: { quality: 0.97 },
      odd: { capabilities: ['smell'] },
    })[kind ?? ''];

  it('send each class of work to those who can do it', () => {
    const { lb } = made({ endpoints: models, needs, policy: randomChoice() });
    const used = (kind?: string): string[] => [...new Set(picks(lb, 100, { kind }))].sort();

    expect(used()).toEqual(['huge', 'large', 'small']);
    expect(used('vision')).toEqual(['huge', 'large']);
    expect(used('hard')).toEqual(['huge', 'large']);
    expect(used('best')).toEqual(['huge']);
    expect(used('odd')).toEqual(['huge']); // it names no capabilities: it can do anything
  });

  it('refuse what nobody can do, and say why', () => {
    const { lb } = made({ endpoints: models.slice(0, 2), needs });

    expect(lb.tryEnter({ kind: 'odd' })).toMatchObject({ ok: false, code: 'ERR_UNAVAILABLE' });
    expect(lb.explain({ kind: 'odd' }).endpoints.map(({ excludedBy }) => excludedBy)).toEqual([
      'needs: smell',
      'needs: smell',
    ]);
  });

  it('follow the quality that is learned', async () => {
    const { runtime, lb } = made<string>({
      ...{ endpoints: models, needs, policy: randomChoice(), memoryMs: 1_000 },
      qualityOf: (detail) => detail as number,
    });
    for (let call = 0; call < 50; call++) {
      const pass = lb.tryEnter({ kind: 'best' });
      if (pass.ok) pass.done('success', 0.5);
      await runtime.advance(10);
    }

    await runtime.advance(1_000);

    expect(lb.tryEnter({ kind: 'best' })).toMatchObject({ ok: false });
  });

  it('ask filters of one’s own, and report one that throws without heeding it', () => {
    const { runtime, lb } = made({
      endpoints: models,
      filters: [
        { name: 'not small', keep: ({ id }) => id !== 'small' },
        {
          name: 'broken',
          keep: () => {
            throw new Error('oops');
          },
        },
      ],
    });

    expect(new Set(picks(lb, 50))).toEqual(new Set(['large', 'huge']));
    expect(runtime.faults[0]?.origin).toBe('balancer: filter broken');
    const small = lb.explain().endpoints.at(-1)!;
    expect(small).toMatchObject({ id: 'small', excludedBy: 'filter: not small', share: 0 });
  });

  it('keep to maxInFlight, and refuse by name when all are full', () => {
    const endpoints = [
      { id: 'one', target: 1, maxInFlight: 1 },
      { id: 'two', target: 2, maxInFlight: 2 },
    ];
    const { lb } = made({ endpoints });

    const passes = Array.from({ length: 3 }, () => enter(lb));

    expect(passes.map(({ endpoint }) => endpoint).sort()).toEqual(['one', 'two', 'two']);
    expect(lb.tryEnter()).toMatchObject({ ok: false, code: 'ERR_CONCURRENCY_LIMITED' });
    passes.find(({ endpoint }) => endpoint === 'one')!.done('success');
    expect(enter(lb).endpoint).toBe('one');
  });
});

describe('checks of several probes', () => {
  const says =
    (answer: boolean | 'throws' | 'hangs'): HealthCheck<string> =>
    () => {
      if (answer === 'throws') throw new Error('no');
      return answer === 'hangs' ? new Promise(() => undefined) : answer;
    };
  const context = { signal: new AbortController().signal, id: 'x' };
  const isWell = async (check: HealthCheck<string>): Promise<boolean> => {
    const answer = await check('x', context);
    return typeof answer === 'object' ? answer.ok : answer !== false;
  };

  it('are combined by all, any and quorum', async () => {
    const [yes, no, broken, hung] = [says(true), says(false), says('throws'), says('hangs')];

    expect(await isWell(allOf(yes, yes))).toBe(true);
    expect(await isWell(allOf(yes, broken, hung))).toBe(false);
    expect(await isWell(anyOf(no, broken, yes, hung))).toBe(true);
    expect(await isWell(anyOf(no, broken))).toBe(false);
    expect(await isWell(quorumOf(2, yes, yes, hung))).toBe(true);
    expect(await isWell(quorumOf(2, yes, no, broken))).toBe(false);
  });
});

describe('policies', () => {
  const all: Readonly<Record<string, () => BalancePolicy>> = {
    ...{ ewma, leastRequest, peakEwma, randomChoice, roundRobin, consistentHash, affinity, scored },
    'least request of all': () => leastRequest({ among: 'all' }),
    deadline: () => roundRobin({ order: 'deadline' }),
    stride: () => roundRobin({ order: 'stride' }),
    interleaved: () => roundRobin({ order: 'interleaved' }),
    maglev: () => consistentHash({ table: 'maglev' }),
    rendezvous: () => consistentHash({ table: 'rendezvous' }),
    probing: () => probing({ probe: () => ({ inFlight: 1, latencyMs: 5 }) }),
  };

  it.each(Object.keys(all))(
    '%s picks only who is there, well and not full, come what may',
    (name) => {
      const step = fc.record({
        kind: fc.constantFrom('enter', 'end', 'fail', 'add', 'remove', 'drain', 'time'),
        pick: fc.nat(20),
      });
      fc.assert(
        fc.property(fc.array(step, { maxLength: 120 }), fc.integer(), (steps, seed) => {
          const runtime = virtualRuntime({ seed });
          const lb = balancer({ policy: all[name]!(), runtime, sticky: {}, slowStart: {} });
          const open = new Set<string>();
          const passes: EndpointPass<string>[] = [];
          for (const { kind, pick } of steps) {
            const id = `e${pick}`;
            if (kind === 'add' && lb.snapshot().endpoints.every((one) => one.id !== id)) {
              lb.update({
                add: [{ id, target: id, weight: 1 + (pick % 3), maxInFlight: 1 + pick }],
              });
              open.add(id);
            } else if (kind === 'remove' && open.delete(id)) lb.update({ remove: [id] });
            else if (kind === 'drain' && open.delete(id)) void lb.drain(id);
            else if (kind === 'end' || kind === 'fail') {
              passes.splice(pick, 1)[0]?.done(kind === 'end' ? 'success' : 'failure');
            } else if (kind === 'enter') {
              const pass = lb.tryEnter({ key: id });
              if (pass.ok) {
                expect(open.has(pass.endpoint)).toBe(true);
                passes.push(pass);
              } else expect(['ERR_UNAVAILABLE', 'ERR_CONCURRENCY_LIMITED']).toContain(pass.code);
            }
          }
          const inFlight = lb.snapshot().endpoints.reduce((sum, one) => sum + one.inFlight, 0);
          expect(inFlight).toBeLessThanOrEqual(passes.length);
          for (const pass of passes) pass.done('cancelled');
          expect(lb.snapshot().endpoints.every((one) => one.inFlight === 0)).toBe(true);
          expect(runtime.faults).toEqual([]);
        }),
        { numRuns: 60 },
      );
    },
  );

  it.each(Object.keys(all))(
    '%s explains every endpoint, best first, and changes nothing',
    (name) => {
      const { lb } = made({ endpoints: ['a', 'b', 'c'], policy: all[name]!() });
      picks(lb, 20, { key: 'k' });

      const told = lb.explain({ key: 'k' });

      expect(lb.explain({ key: 'k' })).toEqual(told);
      const costs = told.endpoints.map(({ reason }) => reason!.cost);
      expect(costs).toEqual([...costs].sort((x, y) => x - y));
      expect(Object.keys(told.endpoints[0]!.reason!.parts).length).toBeGreaterThan(0);
      expect(told.endpoints.every((one) => one.share === 1 && one.excludedBy === undefined)).toBe(
        true,
      );
    },
  );

  it('ewma sees a stalled endpoint before any of its calls ends', async () => {
    const { runtime, lb } = made({ endpoints: ['a', 'b', 'stalled'] });
    for (let call = 0; call < 300; call++) {
      const pass = enter(lb);
      runtime.arm({ alarmId: -1, ring: (now) => pass.done('success', undefined, now) }, 10);
      await runtime.advance(5);
    }
    const late: string[] = [];
    for (let call = 0; call < 200; call++) {
      const pass = enter(lb);
      late.push(pass.endpoint);
      if (pass.endpoint !== 'stalled') {
        runtime.arm({ alarmId: -1, ring: (now) => pass.done('success', undefined, now) }, 10);
      }
      await runtime.advance(5);
    }

    expect(late.filter((id) => id === 'stalled').length).toBeLessThan(6);
  });

  it.each(['ewma', 'affinity', 'scored'])(
    '%s is not drawn to an endpoint that fails fast',
    async (name) => {
      const endpoints = Array.from({ length: 10 }, (_, n) => `e${n}`);
      const { runtime, lb } = made({ endpoints, policy: all[name]!(), outliers: false });
      let failed = 0;
      for (let call = 0; call < 3_000; call++) {
        const pass = enter(lb);
        const fails = pass.endpoint === 'e3';
        if (fails) failed++;
        const end = fails ? 'failure' : 'success';
        runtime.arm(
          { alarmId: -1, ring: (now) => pass.done(end, undefined, now) },
          fails ? 0.2 : 20,
        );
        await runtime.advance(1);
      }

      expect(failed / 3_000).toBeLessThan(0.02);
    },
  );

  it.each(['ewma', 'affinity', 'scored', 'peakEwma'])(
    '%s asks an endpoint again that was slow and failing, and uses it when it is well',
    async (name) => {
      const endpoints = Array.from({ length: 6 }, (_, n) => `e${n}`);
      const { runtime, lb } = made({ endpoints, policy: all[name]!(), outliers: false });
      const noise = runtime.random('noise');
      const load = async (calls: number, isBad: boolean): Promise<number> => {
        let there = 0;
        for (let call = 0; call < calls; call++) {
          const pass = enter(lb);
          const suffers = isBad && pass.endpoint === 'e3';
          if (pass.endpoint === 'e3') there++;
          const end = suffers ? 'failure' : 'success';
          const ms = suffers ? 900 : 15 + 10 * noise();
          runtime.arm({ alarmId: -1, ring: (now) => pass.done(end, undefined, now) }, ms);
          await runtime.advance(5);
        }
        return there / calls;
      };

      await load(2_000, true);
      await load(12_000, false); // a minute

      expect(await load(2_000, false)).toBeGreaterThan(0.08);
    },
  );

  it('consistent hashing keeps a key at its endpoint, and a hot key from overloading it', () => {
    const endpoints = Array.from({ length: 10 }, (_, n) => `e${n}`);
    const { lb } = made({ endpoints, policy: consistentHash() });
    const home = new Set(picks(lb, 50, { key: 'k' }));
    expect(home.size).toBe(1);

    const passes = Array.from({ length: 200 }, () => enter(lb, { key: 'k' }));

    const counts = lb.snapshot().endpoints.map(({ inFlight }) => inFlight);
    expect(Math.max(...counts)).toBeLessThanOrEqual(Math.ceil(1.25 * 20) + 1);
    expect(passes).toHaveLength(200);
  });

  it('affinity returns to the warm endpoint, and leaves it when the wait costs more than it saves', async () => {
    const endpoints = Array.from({ length: 8 }, (_, n) => `e${n}`);
    const { runtime, lb } = made({ endpoints, policy: affinity() });
    for (let call = 0; call < 100; call++) {
      const pass = enter(lb);
      runtime.arm({ alarmId: -1, ring: (now) => pass.done('success', undefined, now) }, 10);
      await runtime.advance(10);
    }
    const warm = new Set(picks(lb, 30, { session: 's' }));
    expect(warm.size).toBe(1);

    const burst = Array.from({ length: 40 }, () => enter(lb, { session: 's' }));

    expect(new Set(burst.map(({ endpoint }) => endpoint)).size).toBeGreaterThan(3);
  });

  it('affinity goes to where the longest part of a prompt is warm', () => {
    const keysOf = ({ key = '' }) => [key, key.split('/')[0]!];
    const endpoints = Array.from({ length: 50 }, (_, n) => `e${n}`);
    const { lb } = made({ endpoints, policy: affinity({ keysOf }) });
    const [system] = picks(lb, 1, { key: 'system/one' });

    expect(picks(lb, 1, { key: 'system/two' })).toEqual([system]);
  });

  it('scored knows how fast each endpoint is at each class of work', async () => {
    const { runtime, lb } = made({ endpoints: ['writer', 'painter'], policy: scored({ load: 0 }) });
    const ms = (kind: string, id: string): number =>
      (kind === 'text') === (id === 'writer') ? 10 : 100;
    const went: string[] = [];
    for (let call = 0; call < 400; call++) {
      const kind = call % 2 === 0 ? 'text' : 'image';
      const pass = enter(lb, { kind });
      if (call >= 200) went.push(`${kind} ${pass.endpoint}`);
      runtime.arm(
        { alarmId: -1, ring: (now) => pass.done('success', undefined, now) },
        ms(kind, pass.endpoint),
      );
      await runtime.advance(150);
    }

    // Not always: an endpoint that was not asked for long is tried again.
    const apt = share(went, (one) => one === 'text writer' || one === 'image painter');
    expect(apt).toBeGreaterThan(0.95);
  });

  it('scored counts reported capacity and scores of one’s own', () => {
    const own = { cheap: { weight: 5, score: ({ id }: { id: string }) => (id === 'b' ? 1 : 0) } };
    const { lb } = made({ endpoints: ['a', 'b', 'c'], policy: scored({ capacity: 20, own }) });
    expect(new Set(picks(lb, 20))).toEqual(new Set(['b']));

    lb.report('b', { utilisation: 0.9 });

    expect(new Set(picks(lb, 20)).has('b')).toBe(false);
  });
});
