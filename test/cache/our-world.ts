// Our caches as a world of the probes, on any runtime.
import type { Bus, BusListener } from '../../src/cache/index.ts';
import { cache, memoryTier } from '../../src/cache/index.ts';
import type { Runtime } from '../../src/core/index.ts';
import { faultyTier } from './faulty-tier.ts';
import type { World } from './probes.ts';

export function ourWorld(runtime: Runtime): World {
  const tier = faultyTier(memoryTier({ runtime }), runtime);
  const connections: { listener: BusListener; up: boolean }[] = [];
  let offsetMs = 0;
  const bus = (): Bus => ({
    name: 'bus',
    publish: async (message) => {
      for (const { listener, up } of connections) if (up) listener.message(message);
    },
    subscribe: (listener) => {
      connections.push({ listener, up: true });
      return { [Symbol.dispose]: () => undefined };
    },
  });
  return {
    cache: ({ ttlMs, graceMs = 0, levels }) => {
      const shiftMs = offsetMs;
      const own = Object.assign(Object.create(runtime) as Runtime, {
        now: () => runtime.now() + shiftMs,
        wallTime: () => runtime.wallTime() + shiftMs,
        armAt: (alarm: Parameters<Runtime['armAt']>[0], at: number) =>
          runtime.armAt(alarm, at - shiftMs),
      });
      const one = cache<unknown>({
        ttlMs,
        staleIfErrorMs: graceMs,
        runtime: shiftMs === 0 ? runtime : own,
        ...(levels === 'shared' ? { tiers: [{ tier, timeoutMs: 100 }], bus: bus() } : {}),
      });
      return {
        get: (key, load, tags = []) => one.get(key, load, { tags }),
        set: (key, value) => one.set(key, value),
        delete: (key) => one.delete(key),
        deleteTag: (tag) => one.deleteTag(tag),
        close: () => one.close(),
      };
    },
    hang: () => {
      tier.mode = 'hangs';
    },
    bus: {
      cut: () => {
        const last = connections.at(-1);
        if (last === undefined) return;
        last.up = false;
        last.listener.lost();
      },
      mend: () => {
        const last = connections.at(-1);
        if (last === undefined) return;
        last.up = true;
        last.listener.restored();
      },
    },
    ahead: async (ms, write) => {
      offsetMs = ms;
      await write();
      offsetMs = 0;
    },
    sleep: (ms) => runtime.sleep(ms),
    now: () => runtime.now(),
  };
}
