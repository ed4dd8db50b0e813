import type { AsyncResource } from 'node:async_hooks';
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { Contexts } from '../../src/queue/contexts.ts';
import { workQueue } from '../../src/queue/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

const promise = (): Promise<void> => Promise.resolve();

// The first three in this order: contexts are tracked once the first storage has been used.
describe('contexts, while nobody in the process uses any', () => {
  const contexts = new Contexts();
  const storage = new AsyncLocalStorage<string>();
  const read = (): string | undefined => storage.getStore();
  let kept: AsyncResource;

  it('share one resource', () => {
    kept = contexts.keep(promise());

    expect(contexts.keep(promise())).toBe(kept);
    expect(contexts.run(kept, () => 'started', undefined, undefined)).toBe('started');
  });

  it('stay apart from what is used later', () => {
    storage.run('later', () => {
      const other = contexts.keep(promise());

      expect(contexts.run(kept, read, undefined, undefined)).toBeUndefined();
      expect(contexts.run(other, read, undefined, undefined)).toBe('later');
    });
  });

  it('take nothing from one to the next, also where work enters a store', () => {
    contexts.run(kept, () => storage.enterWith('mine'), undefined, undefined);

    expect(contexts.run(kept, read, undefined, undefined)).toBeUndefined();
    expect(contexts.run(contexts.keep(promise()), read, undefined, undefined)).toBe(read());
  });
});

describe('contexts in use', () => {
  it('are kept apart where they change within one run of code', () => {
    const storage = new AsyncLocalStorage<string>();
    const other = new AsyncLocalStorage<number>();
    const contexts = new Contexts();
    const read = (): unknown => [storage.getStore(), other.getStore()];

    const outside = contexts.keep(promise());
    const seen = ['a', 'b'].map((name) =>
      storage.run(name, () => [
        contexts.keep(promise()),
        other.run(1, () => contexts.keep(promise())),
        contexts.keep(promise()),
      ]),
    );
    storage.enterWith('entered');
    const entered = contexts.keep(promise());

    const [a, b] = seen.map((kept) =>
      kept.map((context) => contexts.run(context, read, undefined, undefined)),
    );
    expect(a).toEqual([
      ['a', undefined],
      ['a', 1],
      ['a', undefined],
    ]);
    expect(b?.[1]).toEqual(['b', 1]);
    expect(contexts.run(outside, read, undefined, undefined)).toEqual([undefined, undefined]);
    expect(contexts.run(entered, read, undefined, undefined)).toEqual(['entered', undefined]);
  });

  it('are those of the adder, whoever makes room', async () => {
    const runtime = virtualRuntime();
    const queue = workQueue({ concurrency: 1, runtime });
    const storage = new AsyncLocalStorage<string>();
    const read = async (): Promise<string | undefined> => {
      await runtime.sleep(1);
      return storage.getStore();
    };

    const seen = await runtime.run(async () => {
      queue.pause();
      const added = [
        queue.run(read),
        storage.run('a', () => queue.run(read)),
        queue.run(read),
        storage.run('b', () => queue.run(read)),
      ];
      storage.run('resumer', () => queue.resume());
      return Promise.all(added);
    });

    expect(seen).toEqual([undefined, 'a', undefined, 'b']);
  });
});
