/**
 * A limit store within one process: for tests, for development, and as the meaning of the port.
 */

import type { Runtime } from '../../core/index.ts';
import { systemRuntime } from '../../core/index.ts';
import { KeyTable } from '../key-table.ts';
import type { Rate, RateRule } from '../rate/rule.ts';
import type { LimitStore, StoreAnswer, StoreAsk } from './limit-store.ts';

/** Options of {@link memoryLimitStore}. */
export interface MemoryLimitStoreOptions {
  /** Keys remembered at most for each rate. @default 1_000_000 */
  readonly maxKeys?: number;
  readonly runtime?: Runtime;
}

/** Makes a store whose limits last as long as the process. */
export function memoryLimitStore(options: MemoryLimitStoreOptions = {}): LimitStore {
  const { maxKeys = 1_000_000, runtime = systemRuntime() } = options;
  const tables = new Map<string, KeyTable>();
  const random = runtime.random('key hash');

  const tableOf = (rate: Rate, now: number): KeyTable => {
    const name = `${rate.kind} ${rate.limit} ${rate.windowMs}`;
    let table = tables.get(name);
    if (table === undefined) {
      table = new KeyTable({ rule: rate.rule(now), maxKeys, random, now });
      tables.set(name, table);
    }
    return table;
  };

  const decide = (asks: readonly StoreAsk[]): StoreAnswer[] => {
    const now = runtime.now();
    const waits = asks.map(({ key, rate, atLeast }) => {
      const table = tableOf(rate, now);
      return table.rule.waitMs(table.find(key, now), atLeast, 0, now);
    });
    if (waits.some((waitMs) => waitMs > 0)) {
      return waits.map((waitMs) => ({ granted: 0, waitMs }));
    }
    return asks.map(({ key, rate, units, atLeast }) => {
      const table = tableOf(rate, now);
      const at = table.open(key, now);
      const granted = Math.max(atLeast, Math.min(units, left(table.rule, at, now)));
      table.rule.spend(at, granted, now);
      return { granted, waitMs: 0 };
    });
  };

  return {
    take: async (asks) => decide(asks),
    async giveBack(asks) {
      const now = runtime.now();
      for (const { key, rate, units } of asks) {
        const table = tableOf(rate, now);
        table.rule.giveBack(table.open(key, now), units, now, now);
      }
    },
  };
}

function left(rule: RateRule, at: number, now: number): number {
  return Math.floor(rule.remaining(at, now));
}
