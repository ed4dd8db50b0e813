// Drains that never resolved, sessions that were moved, forgotten or remembered wrongly.
import { describe, expect, it, vi } from 'vitest';
import { hedge } from 'tenfold';
import { type Balancer, balancer, type BalancerOptions, type EndpointPass } from 'tenfold/balance';
import { type VirtualRuntime, virtualRuntime } from 'tenfold/sim';

function made(options: Partial<BalancerOptions<string>> = {}): {
  runtime: VirtualRuntime;
  lb: Balancer<string>;
} {
  const runtime = virtualRuntime({ seed: 4 });
  return { runtime, lb: balancer<string>({ endpoints: ['a', 'b', 'c'], runtime, ...options }) };
}

function enter(lb: Balancer<string>, call = {}): EndpointPass<string> {
  const pass = lb.tryEnter(call);
  if (!pass.ok) throw new Error(pass.message);
  return pass;
}

const visit = (lb: Balancer<string>, session: string): string => {
  const pass = enter(lb, { session });
  pass.done('success');
  return pass.endpoint;
};

describe('a drain', () => {
  it('asked for twice resolves twice, after the shorter time', async () => {
    const { runtime, lb } = made();
    const { endpoint } = enter(lb);

    const reports = await runtime.run(() =>
      Promise.all([lb.drain(endpoint), lb.drain(endpoint, { withinMs: 10 })]),
    );

    expect(reports).toEqual(Array(2).fill({ inFlight: 1, sessions: 0 }));
    expect(runtime.now()).toBe(10);
  });

  it('resolves when its endpoint is removed meanwhile', async () => {
    const { runtime, lb } = made();
    const { endpoint } = enter(lb);

    const report = await runtime.run(async () => {
      const drained = lb.drain(endpoint);
      lb.update({ remove: [endpoint] });
      return drained;
    });

    expect(report).toEqual({ inFlight: 1, sessions: 0 });
  });

  it('does not wait for sessions once the balancer is closed', async () => {
    const { runtime, lb } = made({ sticky: {} });
    const home = visit(lb, 's');

    await runtime.run(async () => {
      const drained = lb.drain(home);
      await lb.close();
      await drained;
    });

    expect(runtime.now()).toBe(0);
  });

  it('looks at no session that is not due, however many there are', async () => {
    const { runtime, lb } = made({ endpoints: ['a', 'b'], sticky: { idleMs: 60_000 } });
    for (let session = 0; session < 5_000; session++) visit(lb, `s${session}`);
    const home = visit(lb, 'busy');
    const drained = lb.drain(home);

    using looks = vi.spyOn(Map.prototype, 'get');
    for (let call = 0; call < 100; call++) visit(lb, 'busy');
    const looked = looks.mock.calls.length;
    await runtime.run(() => drained);

    expect(looked).toBeLessThan(2_000);
    expect(runtime.now()).toBe(60_000);
  });
});

describe('sessions', () => {
  it('of an endpoint that is removed are forgotten with it', () => {
    const { lb } = made({ sticky: {} });
    for (let session = 0; session < 30; session++) visit(lb, `s${session}`);

    lb.update({ endpoints: ['z'] });

    expect(lb.snapshot().sessions).toBe(0);
  });

  it('that were idle too long make room', async () => {
    const { runtime, lb } = made({ sticky: { idleMs: 1_000 } });
    for (let session = 0; session < 30; session++) visit(lb, `old ${session}`);

    await runtime.advance(2_000);
    for (let session = 0; session < 10; session++) visit(lb, `new ${session}`);

    expect(lb.snapshot().sessions).toBe(10);
  });

  it('are not idle while a call of theirs is in flight', async () => {
    const { runtime, lb } = made({ sticky: { idleMs: 1_000 } });
    const call = enter(lb, { session: 'voice' });

    await runtime.advance(7_200_000);
    for (let session = 0; session < 30; session++) visit(lb, `other ${session}`);

    expect(visit(lb, 'voice')).toBe(call.endpoint);
    call.done('success');
    await runtime.advance(999);
    expect(lb.explain({ session: 'voice' }).sticky).toBe(call.endpoint);
    await runtime.advance(1);
    expect(lb.explain({ session: 'voice' }).sticky).toBeUndefined();
  });

  it('stay at home when a hedge asks another endpoint', async () => {
    const { runtime, lb } = made({ sticky: {} });
    const home = visit(lb, 's');
    const work = async ({ signal }: { signal: AbortSignal }, id: string): Promise<void> =>
      runtime.sleep(id === home ? 300 : 10, signal);

    await runtime.run(() =>
      lb.run(work, { session: 's' }, { hedge: hedge({ delayMs: 50, runtime }) }),
    );

    expect(lb.explain({ session: 's' }).sticky).toBe(home);
  });

  it('make their home where the first good answer came from', async () => {
    const { runtime, lb } = made({ sticky: {} });
    const asked: string[] = [];

    const answer = await runtime.run(() =>
      lb.run(
        (_call, id) => {
          asked.push(id);
          if (asked.length === 1) throw new Error('no room');
          return id;
        },
        { session: 's' },
        { retryOn: (_detail, outcome) => outcome === 'failure' },
      ),
    );

    expect(asked).toHaveLength(2);
    expect(lb.explain({ session: 's' }).sticky).toBe(answer);
  });

  it('go elsewhere for work their endpoint cannot do, and come back', () => {
    const { lb } = made({
      endpoints: [
        { id: 'eye', target: 'eye', capabilities: ['vision'] },
        { id: 'pen', target: 'pen', capabilities: ['text'] },
      ],
      sticky: {},
      needs: (kind) => ({ capabilities: [kind ?? 'text'] }),
    });

    const went = ['text', 'vision', 'text'].map((kind) => {
      const pass = enter(lb, { kind, session: 's' });
      pass.done('success');
      return pass.endpoint;
    });

    expect(went).toEqual(['pen', 'eye', 'pen']);
  });

  it('heed filters', () => {
    let shunned = '';
    const filters = [{ name: 'shunned', keep: ({ id }: { id: string }) => id !== shunned }];
    const { lb } = made({ sticky: {}, filters });

    shunned = visit(lb, 's');

    expect(visit(lb, 's')).not.toBe(shunned);
  });

  it('keep to the maxInFlight of their endpoint', () => {
    const { lb } = made({
      endpoints: ['a', 'b'].map((id) => ({ id, target: id, maxInFlight: 1 })),
      sticky: {},
    });
    const held = enter(lb, { session: 's' });

    const second = lb.tryEnter({ session: 's' });
    held.done('success');

    expect(second).toMatchObject({ ok: false, code: 'ERR_CONCURRENCY_LIMITED' });
    expect(visit(lb, 's')).toBe(held.endpoint);
  });
});
