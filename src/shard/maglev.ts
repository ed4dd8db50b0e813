/**
 * Maglev as a strategy: the most even of those that need no state; a change of nodes moves a little
 * (some 0.5 % of the keys) between nodes that stay.
 */
import { optionChecks, xxh64 } from '../core/index.ts';
import { maglevPlace, maglevTable, maglevTurns } from '../model/index.ts';
import type { Placement, Strategy } from './placement.ts';
import { byId, type ShardMember } from './shard-node.ts';
import { SlotTable, wholeLayout } from './slot-table.ts';

/** Options of {@link maglev}. */
export interface MaglevOptions {
  /** Places of the table: a prime, 100 times the nodes or more. @default 65_537 */
  readonly size?: number;
}

/** Maglev's table over the ids of the nodes, the same as Envoy's for hosts of these names. */
export function maglev(options: MaglevOptions = {}): Strategy {
  const check = optionChecks('maglev');
  check.known(options, ['size']);
  const size = check.count('size', options.size ?? 65_537);
  const hash = { high: 0, low: 0 };
  const layout = wholeLayout(size, (key) => maglevPlace(xxh64(key, 0, hash), size));
  const place = (nodes: readonly ShardMember[]): Placement => {
    const sorted = byId(nodes);
    const turns = maglevTurns(
      sorted.map(({ id }) => id),
      size,
    );
    const owners = maglevTable({ ...turns, weights: sorted.map(({ weight }) => weight), size });
    return new SlotTable(layout, sorted, Int32Array.from(owners), { again: place });
  };
  return { name: 'maglev', place };
}
