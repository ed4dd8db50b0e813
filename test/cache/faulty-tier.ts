// A tier that can be made slow, hung, failing, or deaf to some verbs.
import type { Tier } from '../../src/cache/index.ts';
import type { Runtime } from '../../src/core/index.ts';

type Verb = 'read' | 'write' | 'remove' | 'bump' | 'lease' | 'release';

export interface FaultyTier extends Tier {
  /** How requests go from now on. */
  mode: 'well' | 'fails' | 'hangs';
  /** Verbs the mode applies to; all when empty. */
  only: readonly Verb[];
  /** Milliseconds each request takes. */
  delayMs: number;
  /** Requests that came, by verb. */
  readonly calls: Record<Verb, number>;
}

/** Wraps a tier in faults. */
export function faultyTier(inner: Tier, runtime: Runtime): FaultyTier {
  const around =
    <A extends unknown[], T>(verb: Verb, work: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      tier.calls[verb]++;
      const faulty = tier.only.length === 0 || tier.only.includes(verb);
      if (faulty && tier.mode === 'hangs') return new Promise<T>(() => undefined);
      if (faulty && tier.mode === 'fails') throw new Error(`${verb} fails`);
      if (tier.delayMs > 0) await runtime.sleep(tier.delayMs);
      return work(...args);
    };
  const tier: FaultyTier = {
    name: inner.name,
    holds: inner.holds,
    mode: 'well',
    only: [],
    delayMs: 0,
    calls: { read: 0, write: 0, remove: 0, bump: 0, lease: 0, release: 0 },
    read: around('read', (...of: Parameters<Tier['read']>) => inner.read(...of)),
    write: around('write', (...of: Parameters<Tier['write']>) => inner.write(...of)),
    remove: around('remove', (...of: Parameters<Tier['remove']>) => inner.remove(...of)),
    bump: around('bump', (...of: Parameters<Tier['bump']>) => inner.bump(...of)),
    ...(inner.lease
      ? {
          lease: around(
            'lease',
            async (...of: Parameters<NonNullable<Tier['lease']>>) =>
              (await inner.lease?.(...of)) ?? [],
          ),
        }
      : {}),
    ...(inner.release
      ? {
          release: around('release', async (...of: Parameters<NonNullable<Tier['release']>>) =>
            inner.release?.(...of),
          ),
        }
      : {}),
  };
  return tier;
}
