/**
 * A lease store within one process: for tests, for development, and as the meaning of the port.
 */

import type { Runtime } from '../../core/index.ts';
import { optionChecks, systemRuntime } from '../../core/index.ts';
import type { LeaseStore } from './lease-store.ts';

/** Options of {@link memoryLeaseStore}. */
export interface MemoryLeaseStoreOptions {
  readonly runtime?: Runtime;
}

interface Lease {
  readonly units: number;
  readonly until: number;
}

/** Makes a store whose permits last as long as the process. */
export function memoryLeaseStore(options: MemoryLeaseStoreOptions = {}): LeaseStore {
  optionChecks('memoryLeaseStore').known(options, ['runtime']);
  const { runtime = systemRuntime() } = options;
  /** By key, then by holder. */
  const leases = new Map<string, Map<string, Lease>>();

  const holdersOf = (key: string): Map<string, Lease> => {
    const holders = leases.get(key) ?? new Map<string, Lease>();
    leases.set(key, holders);
    const now = runtime.now();
    for (const [holder, { until }] of holders) if (until <= now) holders.delete(holder);
    return holders;
  };

  const put = (key: string, holder: string, lease: Lease): void => {
    const holders = holdersOf(key);
    if (lease.units > 0) holders.set(holder, lease);
    else holders.delete(holder);
    if (holders.size === 0) leases.delete(key);
  };

  return {
    async acquire({ holder, key, limit, units, atLeast, leaseMs }) {
      const holders = holdersOf(key);
      let total = 0;
      for (const lease of holders.values()) total += lease.units;
      const free = total === 0 ? Math.max(limit, atLeast) : limit - total;
      const granted = free < atLeast ? 0 : Math.min(units, free);
      const had = holders.get(holder)?.units ?? 0;
      put(key, holder, { units: had + granted, until: runtime.now() + leaseMs });
      return granted;
    },
    async renew({ holder, held, leaseMs }) {
      const until = runtime.now() + leaseMs;
      for (const { key, units } of held) put(key, holder, { units, until });
    },
    async release({ holder, held }) {
      for (const { key, units } of held) {
        const had = holdersOf(key).get(holder) ?? { units: 0, until: 0 };
        put(key, holder, { ...had, units: had.units - units });
      }
    },
  };
}
