// A call that was turned away while it arrived at a queue's door (by slots that refuse, by an
// overloaded line) was left waiting for ever.
import { expect, it } from 'vitest';
import type { Refusal, Slots } from '../../src/core/index.ts';
import { compose, timeout } from '../../src/policy/index.ts';
import { workQueue } from '../../src/queue/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

const broken: Refusal = {
  ok: false,
  code: 'ERR_UNAVAILABLE',
  policy: 'slots',
  retryAfterMs: 0,
  message: 'nothing can be had',
};

const refusing: Slots = {
  size: 1,
  tryAcquire: () => broken,
  demandGrew: () => undefined,
  attach: () => ({ [Symbol.dispose]: () => undefined }),
};

it.each([
  ['only counts slots', {}],
  ['also keeps statistics', { statistics: true }],
])('turns away a call that slots refuse on arrival, in a queue that %s', async (_, options) => {
  const runtime = virtualRuntime();
  const queue = workQueue({ concurrency: refusing, ...options, runtime });
  const guard = compose(queue, timeout({ ms: 1_000, runtime }));

  const error = await runtime.run(() => guard.run(() => 'ran').catch((caught: unknown) => caught));

  expect(error).toMatchObject({ code: 'ERR_UNAVAILABLE', policy: 'slots' });
  expect(queue.snapshot()).toMatchObject({ waiting: 0, running: 0 });
});
