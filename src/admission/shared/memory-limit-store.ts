/**
 * A limit store within one process: for tests, for development, and as the meaning of the port.
 */

import type { Runtime } from '../../core/index.ts';
import { optionChecks, systemRuntime } from '../../core/index.ts';
import { KeyTable } from '../key-table.ts';
import type { RateRule } from '../rate/rule.ts';
import type { LimitStore, StoreAnswer, StoreAsk, StoreKey } from './limit-store.ts';

/** Options of {@link memoryLimitStore}. */
export interface MemoryLimitStoreOptions {
  /** Keys remembered at most for each limit. @default 1_000_000 */
  readonly maxKeys?: number;
  readonly runtime?: Runtime;
}

/** Makes a store whose limits last as long as the process. */
export function memoryLimitStore(options: MemoryLimitStoreOptions = {}): LimitStore {
  const check = optionChecks('memoryLimitStore');
  check.known(options, ['maxKeys', 'runtime']);
  const { maxKeys = 1_000_000, runtime = systemRuntime() } = options;
  check.number('maxKeys', maxKeys, { min: 1, max: 16_000_000, integer: true });
  const tables = new Map<string, KeyTable>();
  const random = runtime.random('key hash');

  const tableOf = ({ limit, rate }: StoreKey, now: number): KeyTable => {
    const name = `${limit} ${rate.kind}`;
    let table = tables.get(name);
    if (table === undefined) {
      table = new KeyTable({ rule: rate.rule(now), maxKeys, random, now });
      tables.set(name, table);
    }
    const inForce = table.rule.rate;
    if (rate !== inForce && JSON.stringify(rate) !== JSON.stringify(inForce)) {
      table.rule.retune(rate, now);
    }
    return table;
  };

  const decide = (asks: readonly StoreAsk[]): StoreAnswer[] => {
    const now = runtime.now();
    const waits = asks.map((ask) => {
      const table = tableOf(ask, now);
      return table.rule.waitMs(table.find(ask.key, now), ask.atLeast, 0, now);
    });
    if (waits.some((waitMs) => waitMs > 0)) {
      return waits.map((waitMs) => ({ granted: 0, waitMs }));
    }
    return asks.map((ask) => {
      const table = tableOf(ask, now);
      const at = table.open(ask.key, now);
      const granted = Math.max(ask.atLeast, Math.min(ask.units, left(table.rule, at, now)));
      table.rule.spend(at, granted, now);
      return { granted, waitMs: 0 };
    });
  };

  return {
    take: async (asks) => decide(asks),
    async adjust(changes) {
      const now = runtime.now();
      for (const change of changes) {
        const { key, units, ageMs } = change;
        const table = tableOf(change, now);
        const at = table.open(key, now);
        if (units > 0) table.rule.spend(at, units, now);
        else table.rule.giveBack(at, -units, now - ageMs, now);
      }
    },
    async peek(asks) {
      const now = runtime.now();
      return asks.map((ask) => {
        const table = tableOf(ask, now);
        const { rule } = table;
        const at = table.find(ask.key, now);
        return {
          remaining: rule.remaining(at, now),
          resetMs: rule.resetMs(at, now),
          waitMs: rule.waitMs(at, ask.units, 0, now),
        };
      });
    },
  };
}

function left(rule: RateRule, at: number, now: number): number {
  return Math.floor(rule.remaining(at, now));
}
