/**
 * Functional and geographic partitioning: a function names each key's partition, and only the nodes
 * that serve that partition may ever hold it, replicas and movement included.
 */
import { optionChecks, xxh32 } from '../core/index.ts';
import type { Strategy } from './placement.ts';
import { byId } from './shard-node.ts';
import { freshTable, restoredTable, type SlotLayout } from './slot-table.ts';
import { powerOfTwo } from './slots.ts';

/** Options of {@link directory}. */
export interface DirectoryOptions {
  /** The names of all partitions: regions, kinds of data, tenants with nodes of their own. */
  readonly partitions: readonly string[];
  /** The partition of a key. */
  readonly partitionOf: (key: string) => string;
  /** The partition of keys whose own is not listed. @default none: such a key is refused */
  readonly otherwise?: string;
  /** Slots of each partition; a power of two from 16. @default 1_024 */
  readonly slotsEach?: number;
}

/**
 * Pins each partition to the nodes whose `serves` names it, and spreads it over them by slots.
 *
 * `owner` throws an OptionError for a key of an unknown partition unless `otherwise` is given; placing
 * refuses a partition that no node serves, so a region never spills into another.
 */
export function directory(options: DirectoryOptions): Strategy {
  const check = optionChecks('directory');
  check.known(options, ['partitions', 'partitionOf', 'otherwise', 'slotsEach']);
  const { partitions, partitionOf, otherwise } = options;
  check.callable('partitionOf', partitionOf);
  const given: unknown = partitions;
  if (!Array.isArray(given)) check.refuse('partitions', 'a list of names', partitions);
  if (partitions.length === 0 || new Set(partitions).size < partitions.length) {
    check.refuse('partitions', 'names that differ, one or more', partitions);
  }
  if (otherwise !== undefined) check.oneOf('otherwise', otherwise, partitions);
  const each = powerOfTwo('slotsEach', options.slotsEach ?? 1_024);
  const begins = new Map(partitions.map((name, at) => [name, at * each]));
  const layout: SlotLayout = {
    slots: partitions.length * each,
    slotOf: (key) => {
      const name = partitionOf(key);
      const begin =
        begins.get(name) ?? (otherwise === undefined ? undefined : begins.get(otherwise));
      if (begin === undefined) return check.refuse('partitionOf(key)', 'a listed partition', name);
      return begin + (xxh32(key) & (each - 1));
    },
    segments: partitions.map((name, at) => ({
      name,
      begin: at * each,
      end: (at + 1) * each,
      mayOwn: (node) => node.serves.includes(name),
    })),
  };
  return {
    name: 'directory',
    place: (nodes, state) => {
      const sorted = byId(nodes);
      for (const { id, serves } of sorted) {
        const known = serves.length > 0 && serves.every((name) => begins.has(name));
        if (!known) check.refuse(`nodes['${id}'].serves`, 'listed partitions, one or more', serves);
      }
      return state === undefined
        ? freshTable(layout, sorted)
        : restoredTable(layout, sorted, state);
    },
  };
}
