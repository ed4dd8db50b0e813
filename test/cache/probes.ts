// The hard cases of a cache, as questions to any implementation: in virtual time to ours (probes.test.ts),
// in real time to ours and to others (bench/cache/probes.bench.ts).

/** One process's cache. What an implementation cannot do is left out. */
export interface ProbedCache {
  get(key: string, load: () => Promise<unknown>, tags?: readonly string[]): Promise<unknown>;
  set(key: string, value: unknown): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  deleteTag?(tag: string): Promise<unknown>;
  close(): Promise<unknown>;
}

/** What a probe asks of the caches it is given. */
export interface ProbedOptions {
  readonly ttlMs: number;
  /** How long a value is kept past its life for when loading fails. */
  readonly graceMs?: number;
}

/** A shared store and a bus, with caches over them. */
export interface World {
  /** A process over the store; undefined where there is none of that kind. */
  cache(options: ProbedOptions & { readonly levels: 'memory' | 'shared' }): ProbedCache | undefined;
  /** Makes the store answer no more. */
  hang(): void;
  /** Cuts the bus of the process made last, and mends it; undefined where there is no bus. */
  readonly bus: { cut(): void; mend(): void } | undefined;
  /** Runs `write` with a clock that is ahead. */
  ahead(ms: number, write: () => Promise<void>): Promise<void>;
  sleep(ms: number): Promise<void>;
  now(): number;
}

export interface Verdict {
  /** Undefined: the implementation has no such thing. */
  readonly passed: boolean | undefined;
  /** What was seen, in a word or two. */
  readonly seen: string;
}

export interface Probe {
  readonly name: string;
  ask(world: World): Promise<Verdict>;
}

const NONE: Verdict = { passed: undefined, seen: '–' };
const MINUTE = 60_000;

export const probes: readonly Probe[] = [
  {
    name: '100 misses, the loader throws',
    ask: async (world) => {
      const one = world.cache({ ttlMs: MINUTE, levels: 'memory' });
      if (one === undefined) return NONE;
      let loads = 0;
      const failing = async (): Promise<never> => {
        loads++;
        await world.sleep(5);
        throw new Error('source is down');
      };
      await Promise.allSettled(Array.from({ length: 100 }, () => one.get('a', failing)));
      await one.close();
      return { passed: loads === 1, seen: `${loads} loads` };
    },
  },
  {
    name: 'delete during a load',
    ask: async (world) => {
      const one = world.cache({ ttlMs: MINUTE, levels: 'shared' });
      if (one === undefined) return NONE;
      let source = 'old';
      const load = async (): Promise<string> => {
        const value = source;
        await world.sleep(30);
        return value;
      };
      const loading = one.get('a', load);
      await world.sleep(10);
      source = 'new';
      await one.delete('a');
      await loading;
      await world.sleep(10);
      const seen = String(await one.get('a', load));
      await one.close();
      return { passed: seen === 'new', seen };
    },
  },
  {
    name: 'tag invalidated during a load',
    ask: async (world) => {
      const one = world.cache({ ttlMs: MINUTE, levels: 'shared' });
      if (one?.deleteTag === undefined) return NONE;
      let source = 'old';
      const load = async (): Promise<string> => {
        const value = source;
        await world.sleep(30);
        return value;
      };
      const loading = one.get('a', load, ['t']);
      await world.sleep(10);
      source = 'new';
      await one.deleteTag('t');
      await loading;
      await world.sleep(10);
      const seen = String(await one.get('a', load, ['t']));
      await one.close();
      return { passed: seen === 'new', seen };
    },
  },
  {
    name: 'shared store hangs, the loader takes 5 ms',
    ask: async (world) => {
      const one = world.cache({ ttlMs: MINUTE, levels: 'shared' });
      if (one === undefined) return NONE;
      world.hang();
      const before = world.now();
      const load = async (): Promise<number> => {
        await world.sleep(5);
        return 1;
      };
      const answered = await Promise.race([
        one.get('a', load).then(
          (value) => value === 1,
          () => false,
        ),
        world.sleep(3_000).then(() => false),
      ]);
      const ms = Math.round(world.now() - before);
      return { passed: answered && ms < 1_000, seen: answered ? `${ms} ms` : 'no answer in 3 s' };
    },
  },
  {
    name: 'bus cut during a write',
    ask: async (world) => {
      const writer = world.cache({ ttlMs: MINUTE, levels: 'shared' });
      const reader = world.cache({ ttlMs: MINUTE, levels: 'shared' });
      if (writer === undefined || reader === undefined || world.bus === undefined) return NONE;
      const load = async (): Promise<string> => 'loaded';
      await writer.set('a', 'old');
      await reader.get('a', load);
      world.bus.cut();
      await writer.set('a', 'new');
      world.bus.mend();
      await world.sleep(20);
      const seen = String(await reader.get('a', load));
      await writer.close();
      await reader.close();
      return { passed: seen === 'new', seen };
    },
  },
  {
    name: 'writer’s clock 5 s ahead, tag invalidated',
    ask: async (world) => {
      const ahead: ProbedCache[] = [];
      const load = async (): Promise<string> => 'old';
      await world.ahead(5_000, async () => {
        const writer = world.cache({ ttlMs: MINUTE, levels: 'shared' });
        if (writer === undefined) return;
        ahead.push(writer);
        await writer.get('a', load, ['t']);
        await world.sleep(10);
      });
      const other = world.cache({ ttlMs: MINUTE, levels: 'shared' });
      if (other?.deleteTag === undefined) return NONE;
      await other.deleteTag('t');
      const seen = String(await other.get('a', async () => 'new', ['t']));
      for (const one of [...ahead, other]) await one.close();
      return { passed: seen === 'new', seen };
    },
  },
  {
    name: 'grace of 50 ms, life of 600 ms: read at 200 ms',
    ask: async (world) => {
      const one = world.cache({ ttlMs: 600, graceMs: 50, levels: 'memory' });
      if (one === undefined) return NONE;
      let loads = 0;
      const load = async (): Promise<number> => ++loads;
      await one.get('a', load);
      await world.sleep(200);
      await one.get('a', load);
      await one.close();
      return { passed: loads === 1, seen: `${loads} loads` };
    },
  },
];
