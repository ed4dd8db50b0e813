import { describe, expect, it } from 'vitest';
import { bulkhead } from '../../src/policy/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

const boom = new Error('boom');

describe('bulkhead', () => {
  it('refuses the call too many, and admits again when one has settled', async () => {
    const runtime = virtualRuntime();
    const few = bulkhead({ concurrency: 2, runtime });
    const slow = (): Promise<void> => runtime.sleep(100);
    const running = [few.run(slow), few.run(slow)];

    await expect(few.run(slow)).rejects.toMatchObject({
      code: 'ERR_CONCURRENCY_LIMITED',
      policy: 'bulkhead',
    });
    expect(few.snapshot()).toEqual({ concurrency: 2, running: 2, refused: 1 });
    await runtime.advance(100);
    await Promise.all(running);

    await expect(few.run(() => 7)).resolves.toBe(7);
    expect(few.snapshot().running).toBe(0);
  });

  it('gives the place back however the work ends', async () => {
    const few = bulkhead({ concurrency: 1, runtime: virtualRuntime() });

    await few.run(() => Promise.reject(boom)).catch(() => undefined);
    await few
      .run(() => {
        throw boom;
      })
      .catch(() => undefined);

    expect(few.snapshot()).toEqual({ concurrency: 1, running: 0, refused: 0 });
  });

  it('keeps the place of work whose caller is gone', async () => {
    const runtime = virtualRuntime();
    const few = bulkhead({ concurrency: 1, runtime });
    const controller = new AbortController();
    const answer = few.run(() => runtime.sleep(100), controller);

    controller.abort(boom);
    await expect(answer).rejects.toBe(boom);

    expect(few.snapshot().running).toBe(1);
    await runtime.advance(100);
    expect(few.snapshot().running).toBe(0);
  });

  it('changes its limit live', () => {
    const few = bulkhead({ concurrency: 2, runtime: virtualRuntime() });
    const first = few.tryEnter();
    few.tryEnter();

    few.update({ concurrency: 1 });
    if (first.ok) first.done('success');
    if (first.ok) first.done('success');

    expect(few.snapshot()).toEqual({ concurrency: 1, running: 1, refused: 0 });
    expect(few.tryEnter().ok).toBe(false);
  });

  it.each([0, 1.5, -1, Number.NaN, Infinity, '3' as never])('refuses %s places', (concurrency) => {
    expect(() => bulkhead({ concurrency })).toThrow('bulkhead.concurrency');
  });
});
