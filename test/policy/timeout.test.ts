import { describe, expect, it } from 'vitest';
import { timeout } from '../../src/policy/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

// What a limit does to doors, slots and streams is tested with the flight, in test/core.
describe('timeout', () => {
  it('passes an answer in time on, and forgets its alarm', async () => {
    const runtime = virtualRuntime();
    const soon = timeout({ ms: 100, runtime });

    await expect(runtime.run(() => soon.run(() => 7))).resolves.toBe(7);
    await runtime.runToIdle();

    expect(runtime.now()).toBe(0);
  });

  it('rejects with an error of its own name, which carries no stack', async () => {
    const runtime = virtualRuntime();
    const soon = timeout({ ms: 100, name: 'llm', runtime });

    const error = await runtime
      .run(() => soon.run(() => new Promise(() => undefined)))
      .catch((reason: unknown) => reason);

    expect(error).toMatchObject({
      name: 'TimeoutError',
      code: 'ERR_TIMEOUT',
      limitMs: 100,
      message: 'llm: no answer within 100 ms',
    });
    expect((error as Error).stack).toBe('TimeoutError: llm: no answer within 100 ms');
  });

  it.each([
    [{}, 'timeout.ms'],
    [{ ms: 0 }, 'timeout.ms'],
    [{ ms: -5 }, 'timeout.ms'],
    [{ ms: Infinity }, 'timeout.ms'],
    [{ idleMs: Number.NaN }, 'timeout.idleMs'],
    [{ ms: 1, abandonAfterMs: -1 }, 'timeout.abandonAfterMs'],
    [{ milliseconds: 5 } as object, 'timeout.milliseconds'],
  ])('refuses %j', (options, option) => {
    expect(() => timeout(options)).toThrow(expect.objectContaining({ option }));
  });
});
