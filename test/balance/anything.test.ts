// Anything in any order, all options on: whatever happens, figures stay sound and nothing is left over.
import { describe, expect, it } from 'vitest';
import { hedge } from 'tenfold';
import {
  affinity,
  balancer,
  consistentHash,
  type EndpointPass,
  ewma,
  type HealthAnswer,
  leastRequest,
  nearest,
  roundRobin,
  scored,
  zoneAware,
} from 'tenfold/balance';
import { virtualRuntime } from 'tenfold/sim';

const policies = [ewma, leastRequest, roundRobin, consistentHash, affinity, scored];
const names = ['__proto__', 'constructor', ...Array.from({ length: 10 }, (_, at) => `e${at}`)];
const refusals = ['ERR_UNAVAILABLE', 'ERR_CONCURRENCY_LIMITED'];

describe.each(Array.from({ length: 24 }, (_, at) => at + 1))('seed %i', (seed) => {
  it('comes through', async () => {
    const runtime = virtualRuntime({ seed });
    const random = runtime.random('anything');
    const below = (count: number): number => Math.floor(random() * count);
    const one = <V>(values: readonly V[]): V => values[below(values.length)]!;
    const endpoint = (id: string) => ({
      ...{ id, target: id, weight: one([1e-6, 0.5, 1, 2, 1e6]), priority: one([0, 0, 5, 100]) },
      ...{ zone: one(['', 'x', '__proto__']), region: one(['', 'eu']) },
      ...(random() < 0.3 && { maxInFlight: 1 + below(3) }),
      ...(random() < 0.3 && { capabilities: one([['a'], ['a', 'b']]) }),
    });
    const ill = new Set<string>();
    const check = (id: string): HealthAnswer | Promise<HealthAnswer> => {
      if (!ill.has(id)) return one([true, { ok: true, degraded: true }, { ok: true, capacity: 2 }]);
      const answer = one<() => HealthAnswer | Promise<HealthAnswer>>([
        () => false,
        () => null as never,
        () => new Promise(() => undefined),
        () => {
          throw new Error('down');
        },
      ]);
      return answer();
    };
    const lb = balancer<string>({
      ...{ endpoints: names.slice(0, below(8)).map(endpoint), policy: one(policies)(), runtime },
      ...{ slowStart: { windowMs: 1_000 }, sticky: { idleMs: 500, sessions: 5 } },
      ...(seed % 3 === 0 && { subset: { size: 3, client: 'me' } }),
      ...(seed % 2 === 0 && { needs: (kind) => (kind === 'a' ? { capabilities: ['b'] } : {}) }),
      locality: one([nearest({ zone: 'x', region: 'eu' }), zoneAware({ self: 'x' })]),
      health: { check, intervalMs: 100, timeoutMs: 50, initially: one(['healthy', 'unchecked']) },
      outliers: { consecutive: 2, baseMs: 200, intervalMs: 300, minCalls: 3, maxRatio: random() },
      ...{ panicRatio: one([0, 0.5]), inPanic: one(['all', 'refuse'] as const) },
    });
    const held: EndpointPass<string>[] = [];
    const waiting: Promise<unknown>[] = [];
    const call = (id: string) => ({
      key: id,
      session: one([id, undefined]),
      kind: one(['a', 'z']),
    });
    const work = async ({ signal }: { signal: AbortSignal }, id: string): Promise<void> => {
      await runtime.sleep(below(50), signal);
      if (ill.has(id)) throw new Error('bad');
    };
    const attempts = { retryOn: () => true, attempts: 3, hedge: hedge({ delayMs: 10, runtime }) };
    const isThere = (id: string): boolean =>
      lb.snapshot().endpoints.some((there) => there.id === id);
    const steps: readonly ((id: string) => unknown)[] = [
      (id) => !isThere(id) && lb.update({ add: [endpoint(id)] }),
      (id) => isThere(id) && lb.update({ remove: [id] }),
      (id) => isThere(id) && waiting.push(lb.drain(id, one([{}, { withinMs: below(500) }]))),
      () => lb.update({ endpoints: names.filter(() => random() < 0.4).map(endpoint) }),
      (id) => isThere(id) && lb.update({ reweight: { [id]: 0.1 + 5 * random() } }),
      (id) => ill.delete(id) || ill.add(id),
      (id) => lb.explain(call(id)),
      () => runtime.sleep(below(300)),
      (id) => waiting.push(lb.run(work, call(id), one([undefined, attempts])).catch(() => 0)),
      () => held.splice(below(held.length), 1)[0]?.done(one(['success', 'failure', 'cancelled'])),
      (id) => {
        const entry = lb.tryEnter(call(id));
        if (entry.ok) held.push(entry);
        else expect(refusals).toContain(entry.code);
      },
    ];

    await runtime.run(async () => {
      for (let step = 0; step < 200; step++) {
        await one(steps)(one(names));
        const { endpoints } = lb.snapshot();
        expect(endpoints.every(({ weight, inFlight }) => weight > 0 && inFlight >= 0)).toBe(true);
        expect(new Set(endpoints.map(({ id }) => id)).size).toBe(endpoints.length);
      }
      for (const pass of held) pass.done('success');
      await lb.close();
      await Promise.all(waiting); // every drain and every call comes to its end
    });

    expect(lb.snapshot().endpoints.every(({ inFlight }) => inFlight === 0)).toBe(true);
    expect(runtime.faults).toEqual([]);
  });
});
