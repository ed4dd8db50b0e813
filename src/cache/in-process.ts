/**
 * A tier and a bus within one process: for tests and simulations of several caches, and as the
 * reference for what the ports promise.
 */

import type { Runtime } from '../core/index.ts';
import { systemRuntime } from '../core/index.ts';
import type { Bus, BusListener } from './bus.ts';
import type { Tier, TierEntry } from './tier.ts';

/** Options of {@link memoryTier}. */
export interface MemoryTierOptions {
  /** @default 'memory tier' */
  readonly name?: string;
  /** @default 'bytes' */
  readonly holds?: 'bytes' | 'values';
  /** False: a tier without leases. @default true */
  readonly leases?: boolean;
  readonly runtime?: Runtime;
}

/**
 * A tier in this process's memory, unbounded: several caches over it behave like processes over one
 * shared store.
 *
 * ```ts
 * import { cache, memoryTier } from 'tenfold/cache';
 *
 * const shared = memoryTier();
 * const here = cache<number>({ tiers: [shared] });
 * const there = cache<number>({ tiers: [shared] });
 * await here.set('answer', 42);
 * console.log(await there.get('answer')); // 42
 * ```
 */
export function memoryTier(options: MemoryTierOptions = {}): Tier {
  const {
    name = 'memory tier',
    holds = 'bytes',
    leases = true,
    runtime = systemRuntime(),
  } = options;
  const entries = new Map<string, { payload: unknown; until: number }>();
  const versions = new Map<string, number>();
  const held = new Map<string, { token: string; until: number }>();
  let tokens = 0;

  const read = (key: string): TierEntry | undefined => {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    const remainingMs = entry.until - runtime.now();
    if (remainingMs > 0) return { payload: entry.payload, remainingMs };
    entries.delete(key);
    return undefined;
  };
  const holds1 = (key: string, token: string): boolean => {
    const lease = held.get(key);
    return lease !== undefined && lease.token === token && lease.until > runtime.now();
  };
  const tier: Tier = {
    name,
    holds,
    read: async (keys, tags) => ({
      entries: keys.map(read),
      versions: tags.map((tag) => versions.get(tag) ?? 0),
    }),
    write: async (writes) =>
      writes.map(({ key, payload, ttlMs, lease }) => {
        if (lease !== undefined && !holds1(key, lease)) return false;
        held.delete(key);
        entries.set(key, { payload, until: runtime.now() + ttlMs });
        return true;
      }),
    remove: async (keys) => {
      for (const key of keys) {
        held.delete(key);
        entries.delete(key);
      }
    },
    bump: async (tags) => {
      for (const tag of tags) versions.set(tag, (versions.get(tag) ?? 0) + 1);
    },
  };
  if (!leases) return tier;
  return {
    ...tier,
    lease: async (keys, ttlMs) =>
      keys.map((key) => {
        const now = runtime.now();
        if ((held.get(key)?.until ?? 0) > now) return undefined;
        const token = String(++tokens);
        held.set(key, { token, until: now + ttlMs });
        return token;
      }),
    release: async (keys, tokensHeld) =>
      keys.forEach((key, i) => {
        if (holds1(key, tokensHeld[i] as string)) held.delete(key);
      }),
  };
}

/** A bus within this process. Every listener hears every message in the same turn. */
export function memoryBus(): Bus {
  const listeners = new Set<BusListener>();
  return {
    name: 'memory bus',
    publish: async (message) => {
      for (const listener of listeners) listener.message(message);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
  };
}
