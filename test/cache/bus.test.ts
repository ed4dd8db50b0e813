import { describe, expect, it } from 'vitest';
import type { Bus, BusListener, BusMessage, Cache, CacheOptions } from '../../src/cache/index.ts';
import { cache, memoryTier } from '../../src/cache/index.ts';
import { tagClock } from '../../src/cache/tag-clock.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

/** A bus whose connections can be cut, one by one. */
class Wire {
  readonly listeners: { listener: BusListener; up: boolean }[] = [];
  fails = false;
  readonly sent: BusMessage[] = [];

  /** One process's end of the bus. */
  end(): Bus & { cut(): void; mend(): void; silence(up: boolean): void } {
    const connection = { listener: undefined as BusListener | undefined, up: true };
    return {
      name: 'wire',
      publish: async (message) => {
        if (this.fails) throw new Error('publish fails');
        this.sent.push(message);
        for (const { listener, up } of this.listeners) if (up) listener.message(message);
      },
      subscribe: (listener) => {
        connection.listener = listener;
        this.listeners.push(connection as { listener: BusListener; up: boolean });
        return { [Symbol.dispose]: () => void (connection.up = false) };
      },
      cut: () => {
        connection.up = false;
        connection.listener?.lost();
      },
      mend: () => {
        connection.up = true;
        connection.listener?.restored();
      },
      // Drops messages without anybody noticing, as pub/sub may.
      silence: (up) => void (connection.up = up),
    };
  }
}

interface Stage {
  readonly runtime: VirtualRuntime;
  readonly wire: Wire;
  readonly process: (options?: CacheOptions<number>) => {
    one: Cache<number>;
    end: ReturnType<Wire['end']>;
  };
}

function scene(play: (stage: Stage) => Promise<void>): Promise<void> {
  const runtime = virtualRuntime({ seed: 6 });
  const tier = memoryTier({ runtime });
  const wire = new Wire();
  return runtime.run(() =>
    play({
      runtime,
      wire,
      process: (options = {}) => {
        const end = wire.end();
        const one = cache<number>({ ttlMs: 60_000, tiers: [tier], bus: end, ...options, runtime });
        return { one, end };
      },
    }),
  );
}

describe('the invalidation bus', () => {
  it('tells other memories of writes, deletions, tags and clears', () =>
    scene(async ({ process }) => {
      const [{ one: here }, { one: there }] = [process(), process()];
      const both = async (key: string): Promise<unknown[]> => [
        await here.get(key),
        await there.get(key),
      ];
      await here.set('a', 1);
      await here.set('t', 1, { tags: ['t'] });
      await here.namespace('n').set('x', 1);
      await both('a');
      await both('t');
      await both('n:x');

      await there.set('a', 2);
      const written = await both('a');
      await there.delete('a');
      await there.deleteTag('t');
      await there.namespace('n').clear();

      expect([written, await both('a'), await both('t'), await both('n:x')]).toEqual([
        [2, 2],
        [undefined, undefined],
        [undefined, undefined],
        [undefined, undefined],
      ]);
      await there.set('b', 1);
      await here.get('b');
      await there.clear();
      expect(await both('b')).toEqual([undefined, undefined]);
    }));

  it('fences what another process is loading', () =>
    scene(async ({ runtime, process }) => {
      const [{ one: here }, { one: there }] = [process({ tiers: [] }), process({ tiers: [] })];
      const loading = here.get('a', async () => runtime.sleep(100).then(() => 1));
      await runtime.sleep(50);

      await there.set('a', 2);
      await loading;

      expect(here.peek('a')).toBeUndefined();
    }));

  it('after a lost connection serves nothing older than the gap as fresh', () =>
    scene(async ({ process }) => {
      const [{ one: here, end }, { one: there }] = [process(), process()];
      const gaps: string[] = [];
      here.on('gap', ({ reason }) => gaps.push(reason));
      await there.set('a', 1);
      await here.get('a');

      end.cut();
      await there.set('a', 2);
      end.mend();

      expect([here.peek('a'), await here.get('a'), gaps]).toEqual([
        undefined,
        2,
        ['lost', 'restored'],
      ]);
    }));

  it('while the connection is lost believes memory for busLostTtlMs only', () =>
    scene(async ({ runtime, process }) => {
      const [{ one: here, end }, { one: there }] = [process({ busLostTtlMs: 200 }), process()];
      end.cut();
      await here.get('a', async () => 1);
      await there.set('a', 2);
      const during = here.peek('a');
      await runtime.sleep(200);

      expect([during, await here.get('a')]).toEqual([1, 2]);
      end.mend();
      await here.get('a');
      await runtime.sleep(10_000);
      expect(here.peek('a')).toBe(2);
    }));

  it('notices a silently lost message with the next one', () =>
    scene(async ({ process }) => {
      const [{ one: here, end }, { one: there }] = [process(), process()];
      const gaps: string[] = [];
      await there.set('other', 1);
      await there.set('a', 1);
      await here.get('a');
      here.on('gap', ({ reason }) => gaps.push(reason));

      end.silence(false);
      await there.set('a', 2);
      end.silence(true);
      const stale = here.peek('a');
      await there.set('other', 2);

      expect([stale, here.peek('a'), await here.get('a'), gaps]).toEqual([
        1,
        undefined,
        2,
        ['missed'],
      ]);
    }));

  it('does not serve what a gap has made doubtful while it loads anew, but may instead of an error', () =>
    scene(async ({ process }) => {
      const options = { tiers: [], staleWhileRevalidateMs: 5_000, staleIfErrorMs: 60_000 };
      const { one, end } = process(options);
      await one.get('a', async () => 1);
      end.cut();
      end.mend();

      const failing = await one.get('a', async () => Promise.reject(new Error('down')));
      const loaded = await one.get('b', async () => 2);

      expect([failing, loaded]).toEqual([1, 2]);
    }));

  it('keeps nothing that was being loaded in the gap', () =>
    scene(async ({ runtime, process }) => {
      const { one, end } = process();
      end.cut();
      const loading = one.get('a', async () => runtime.sleep(100).then(() => 1));
      await runtime.sleep(50);
      end.mend();

      expect([await loading, one.peek('a')]).toEqual([1, undefined]);
    }));

  it('sends later what could not be sent, as one message', () =>
    scene(async ({ runtime, wire, process }) => {
      const [{ one: here }, { one: there }] = [process(), process()];
      await here.set('a', 1);
      await there.get('a');
      wire.fails = true;
      await here.set('a', 2);
      await here.delete('b');
      await here.deleteTag('t');
      const meanwhile = there.peek('a');
      wire.fails = false;
      const sent = wire.sent.length;
      await runtime.sleep(1_000);

      expect([meanwhile, await there.get('a'), wire.sent.length - sent]).toEqual([1, 2, 1]);
      expect(wire.sent.at(-1)).toMatchObject({ keys: ['a', 'b'], tags: ['t'] });
    }));

  it('heeds nobody’s clock: a writer five seconds ahead is as good as any', () => {
    const shared = virtualRuntime({ seed: 1 });
    const ahead = Object.assign(Object.create(shared) as VirtualRuntime, {
      now: () => shared.now() + 5_000,
      wallTime: () => shared.wallTime() + 5_000,
    });
    return shared.run(async () => {
      const tier = memoryTier({ runtime: shared });
      const on = (runtime: VirtualRuntime): Cache<number> =>
        cache<number>({ runtime, tiers: [tier], ttlMs: 1_000 });
      const [late, early] = [on(ahead), on(shared)];
      await late.set('a', 1, { tags: ['t'] });
      const read = await early.get('a');
      await shared.sleep(900);
      const alive = await on(shared).get('a');
      await early.deleteTag('t');

      expect([read, alive, await on(shared).get('a'), await on(ahead).get('a')]).toEqual([
        1,
        1,
        undefined,
        undefined,
      ]);
    });
  });
});

describe('the logical clock of tags', () => {
  it('holds for stale what was marked before an invalidation of one of its tags', () => {
    const clock = tagClock();
    const mark = { tags: ['a', 'b'], at: clock.now };
    clock.invalidate('c');
    const before = clock.isCurrent(mark);

    clock.invalidate('b');

    expect([before, clock.isCurrent(mark), clock.staleTag(mark)]).toEqual([true, false, 'b']);
    expect(clock.isCurrent({ tags: ['a', 'b'], at: clock.now })).toBe(true);
  });

  it('errs on the safe side once it has forgotten', () => {
    const clock = tagClock(2);
    const old = { tags: ['untouched'], at: clock.now };
    for (const tag of ['a', 'b', 'c']) clock.invalidate(tag);
    const recent = { tags: ['untouched'], at: clock.now };
    clock.invalidate('c');

    expect([clock.isCurrent(old), clock.isCurrent(recent)]).toEqual([false, true]);
  });
});
