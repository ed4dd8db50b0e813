// Health checks and probes that answer rubbish, hang, or are lost on the way.
import { describe, expect, it } from 'vitest';
import { allOf, anyOf, balancer, type HealthAnswer, probing, quorumOf } from 'tenfold/balance';
import { virtualRuntime } from 'tenfold/sim';

const context = { signal: new AbortController().signal, id: 'x' };
const rubbish = [null, 0, 42, 'DOWN', {}, [], { ok: 'yes' }] as readonly unknown[];

describe('a check', () => {
  it.each(rubbish)('that answers %j says that its endpoint is not well', async (answer) => {
    const runtime = virtualRuntime();
    const check = (id: string): HealthAnswer => (id === 'a' ? (answer as HealthAnswer) : true);
    const lb = balancer({ endpoints: ['a', 'b', 'c'], runtime, health: { check } });

    await runtime.advance(20_000);
    await lb.close();

    expect(lb.snapshot().endpoints.map(({ state }) => state)).toEqual([
      'unhealthy',
      'ready',
      'ready',
    ]);
    expect(runtime.faults).toEqual([]);
  });

  it.each(rubbish)('that answers %j counts against a quorum', async (answer) => {
    const odd = (): HealthAnswer => answer as HealthAnswer;
    const well = (): HealthAnswer => true;

    expect(await quorumOf(1, odd, well)('x', context)).toMatchObject({ ok: true });
    expect(await allOf(odd, well)('x', context)).toBe(false);
  });

  it('made of several passes on what these report', async () => {
    const runtime = virtualRuntime();
    const check = allOf<string>(
      () => true,
      () => ({ ok: true, capacity: 3 }),
      () => ({ ok: true, utilisation: 0.4 }),
    );
    const lb = balancer({ endpoints: ['a', 'b'], runtime, health: { check } });

    await runtime.advance(6_000);
    await lb.close();

    expect(lb.snapshot().endpoints.map(({ weight }) => weight)).toEqual([3, 3]);
  });

  it('made of none is refused, as it would never answer', () => {
    for (const combine of [allOf, anyOf]) {
      expect(() => combine()).toThrow('quorumOf.checks must be one check or more');
    }
  });

  it('is not begun after the balancer was closed', async () => {
    const runtime = virtualRuntime();
    let asked = 0;
    const lb = balancer({ endpoints: ['a'], runtime, health: { check: () => void asked++ } });

    await lb.close();
    lb.update({ add: ['b'] });
    await runtime.advance(60_000);

    expect(asked).toBe(0);
  });

  it('asks nobody outside the subset', async () => {
    const runtime = virtualRuntime();
    const asked = new Set<string>();
    const endpoints = Array.from({ length: 100 }, (_, at) => `e${at}`);
    const lb = balancer({
      ...{ endpoints, runtime, subset: { size: 4, client: 'me' } },
      health: { check: (id) => void asked.add(id) },
    });

    await runtime.advance(60_000);
    const [first] = asked;
    lb.update({ remove: [first!] });
    await runtime.advance(60_000);
    await lb.close();

    expect(asked.size).toBe(5);
  });
});

describe('a probe', () => {
  it.each([...rubbish, { inFlight: NaN, latencyMs: 1 }, undefined])(
    'that answers %j is no answer',
    async (answer) => {
      const runtime = virtualRuntime();
      const policy = probing({ probe: async () => answer as never });
      const lb = balancer({ endpoints: ['a', 'b', 'c'], runtime, policy });

      for (let call = 0; call < 20; call++) {
        const pass = lb.tryEnter();
        if (pass.ok) pass.done('success');
        await runtime.advance(1);
      }

      expect(lb.snapshot().endpoints.reduce((sum, { calls }) => sum + calls, 0)).toBe(20);
      expect(lb.explain().endpoints.map(({ reason }) => reason?.parts)).toEqual(
        Array(3).fill({ answers: 0 }),
      );
    },
  );

  it('that hangs is not sent again and again', async () => {
    const runtime = virtualRuntime();
    let sent = 0;
    const probe = (): Promise<never> => {
      sent++;
      return new Promise(() => undefined);
    };
    const lb = balancer({ endpoints: ['a', 'b', 'c'], runtime, policy: probing({ probe }) });

    for (let call = 0; call < 10_000; call++) {
      const pass = lb.tryEnter();
      if (pass.ok) pass.done('success');
      await runtime.advance(1);
    }

    // Ten seconds, three endpoints, a second until an answer would be too old.
    expect(sent).toBeLessThanOrEqual(33);
  });
});
