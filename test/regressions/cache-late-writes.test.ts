// A write given up at its time-out landed behind a later deletion, and the deleted value was served.
import { describe, expect, it } from 'vitest';
import type { Tier } from '../../src/cache/index.ts';
import { cache, memoryBus, memoryTier } from '../../src/cache/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

describe('a write that a tier carries out after its time-out', () => {
  /** A tier whose next write is carried out only after `delayMs`. */
  function scene(leases: boolean): {
    readonly runtime: VirtualRuntime;
    readonly tier: Tier;
    readonly lateBy: (ms: number) => void;
  } {
    const runtime = virtualRuntime();
    const inner = memoryTier({ runtime, leases });
    let delayMs = 0;
    const tier: Tier = {
      ...inner,
      write: async (...asked) => {
        const ms = delayMs;
        delayMs = 0;
        if (ms > 0) await runtime.sleep(ms);
        return inner.write(...asked);
      },
    };
    return { runtime, tier, lateBy: (ms) => (delayMs = ms) };
  }

  it.each([true, false])('does not bring back what was deleted (leases: %s)', (leases) => {
    const { runtime, tier, lateBy } = scene(leases);
    return runtime.run(async () => {
      const one = cache<number>({ tiers: [tier], runtime });
      const other = cache<number>({ tiers: [tier], runtime });
      lateBy(2_000);
      await one.set('a', 1);
      await one.delete('a');
      const seen: unknown[] = [];
      for (let at = 0; at < 3_000; at += 10) {
        seen.push(await one.get('a'));
        await runtime.sleep(10);
      }

      expect(seen.every((value) => value === undefined)).toBe(true);
      expect([await one.get('a'), await other.get('a')]).toEqual([undefined, undefined]);
      expect(one.snapshot().tiers[0]?.pending).toBe(0);
    });
  });

  it('does not bring back what was written over', () => {
    const { runtime, tier, lateBy } = scene(true);
    return runtime.run(async () => {
      const one = cache<number>({ tiers: [tier], runtime });
      const other = cache<number>({ tiers: [tier], runtime });
      lateBy(2_000);
      await one.set('a', 1);
      await one.set('a', 2);
      await runtime.sleep(3_000);

      expect(await one.get('a')).toBe(2);
      expect(await other.get('a', () => 2)).toBe(2);
    });
  });

  it('is kept when it was only tried again', () => {
    const { runtime, tier, lateBy } = scene(true);
    return runtime.run(async () => {
      const one = cache<number>({ tiers: [tier], runtime });
      const other = cache<number>({ tiers: [tier], runtime });
      lateBy(2_000);
      await one.set('a', 1);
      await runtime.sleep(3_000);

      expect(await other.get('a')).toBe(1);
    });
  });

  it('takes other processes no longer than the next message to forget', () => {
    const { runtime, tier, lateBy } = scene(true);
    return runtime.run(async () => {
      const bus = memoryBus();
      const one = cache<number>({ tiers: [tier], bus, runtime });
      const other = cache<number>({ tiers: [tier], bus, runtime });
      lateBy(2_000);
      await one.set('a', 1);
      await one.delete('a');
      for (let at = 0; at < 3_000; at += 1) {
        await other.get('a');
        await runtime.sleep(1);
      }

      expect([one.peek('a'), other.peek('a')]).toEqual([undefined, undefined]);
    });
  });

  it('does not grow without bound where writes never settle', () => {
    const { runtime, tier, lateBy } = scene(false);
    return runtime.run(async () => {
      const one = cache<number>({
        tiers: [{ tier, timeoutMs: 1, writeBehind: { flushMs: 1, maxPending: 20 } }],
        runtime,
      });
      for (let i = 0; i < 200; i++) {
        lateBy(1e9);
        await one.set(`${i}`, i);
        await runtime.sleep(50);
      }
      await one.delete('5');

      expect(await one.get('5')).toBeUndefined();
      expect(one.snapshot().tiers[0]?.pending).toBeLessThanOrEqual(20);
      await one.close();
    });
  });
});
