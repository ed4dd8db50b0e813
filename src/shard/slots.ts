/**
 * The default strategy, and that of a Redis Cluster: a fixed number of slots, each with one owner.
 */
import { murmur3, optionChecks } from '../core/index.ts';
import { REDIS_SLOTS, redisSlot } from './hash-tag.ts';
import type { KeyHash, Strategy } from './placement.ts';
import { byId, type ShardMember } from './shard-node.ts';
import { freshTable, restoredTable, SlotTable, wholeLayout } from './slot-table.ts';

/** Options of {@link slots}. */
export interface SlotsOptions {
  /** Slots; a power of two, 16 to 2²⁰. 65,536 beyond 200 nodes. @default 16_384 */
  readonly slots?: number;
  /** Hashes keys to 32 bits. @default murmur3, the cheapest of core's on keys of 10 to 40 characters */
  readonly hash?: KeyHash;
  /** Seed of the hash. @default 0 */
  readonly seed?: number;
}

/**
 * A slot map: balanced to a slot, weighted, and a change of nodes moves exactly the slots that must
 * move. Its table is state: keep `map.snapshot()` where every process finds it.
 */
export function slots(options: SlotsOptions = {}): Strategy {
  const check = optionChecks('slots');
  check.known(options, ['slots', 'hash', 'seed']);
  const count = powerOfTwo('slots', options.slots ?? 16_384);
  const hash = check.callable('hash', options.hash ?? murmur3);
  const seed = check.number('seed', options.seed ?? 0, { integer: true });
  const mask = count - 1;
  const layout = wholeLayout(count, (key) => hash(key, seed) & mask);
  return {
    name: 'slots',
    place: (nodes, state) => {
      const sorted = byId(nodes);
      return state === undefined
        ? freshTable(layout, sorted)
        : restoredTable(layout, sorted, state);
    },
  };
}

/** Options of {@link redisSlots}. */
export interface RedisSlotsOptions {
  /**
   * The slots of each node, as runs from first to last, both included: what CLUSTER SLOTS tells.
   * @default even runs in order of the nodes, as `redis-cli --cluster create` gives them
   */
  readonly ranges?: Readonly<Record<string, readonly (readonly [first: number, last: number])[]>>;
}

/** The slots of a Redis Cluster: CRC-16 of the hash tag, 16,384 slots, the owners it says. */
export function redisSlots(options: RedisSlotsOptions = {}): Strategy {
  optionChecks('redisSlots').known(options, ['ranges']);
  const layout = wholeLayout(REDIS_SLOTS, redisSlot);
  return {
    name: 'redisSlots',
    place: (nodes, state) => {
      const sorted = byId(nodes);
      if (state !== undefined) return restoredTable(layout, sorted, state);
      const { ranges = evenRanges(nodes) } = options;
      return new SlotTable(layout, sorted, ownersOf(ranges, sorted));
    },
  };
}

function evenRanges(nodes: readonly ShardMember[]): NonNullable<RedisSlotsOptions['ranges']> {
  const each = REDIS_SLOTS / nodes.length;
  return Object.fromEntries(
    nodes.map(({ id }, at) => {
      const first = Math.round(at * each);
      const last = at === nodes.length - 1 ? REDIS_SLOTS : Math.round((at + 1) * each);
      return [id, [[first, last - 1]]];
    }),
  );
}

function ownersOf(
  ranges: NonNullable<RedisSlotsOptions['ranges']>,
  nodes: readonly ShardMember[],
): Int32Array {
  const check = optionChecks('redisSlots.ranges');
  const owners = new Int32Array(REDIS_SLOTS).fill(-1);
  for (const [id, runs] of Object.entries(ranges)) {
    const index = nodes.findIndex((node) => node.id === id);
    if (index < 0) check.refuse(id, 'a node of the map', id);
    for (const [first, last] of runs) {
      check.number(id, first, { min: 0, max: last, integer: true });
      check.number(id, last, { min: 0, max: REDIS_SLOTS - 1, integer: true });
      for (let slot = first; slot <= last; slot++) {
        if (owners[slot] !== -1) check.refuse(id, 'slots that nobody else owns', slot);
        owners[slot] = index;
      }
    }
  }
  const free = owners.indexOf(-1);
  if (free >= 0) check.refuse('', `an owner for each of ${REDIS_SLOTS} slots`, free);
  return owners;
}

/** Checks a number of slots. */
export function powerOfTwo(option: string, value: number): number {
  const check = optionChecks('slots');
  check.number(option, value, { min: 16, max: 2 ** 20, integer: true });
  if ((value & (value - 1)) !== 0) check.refuse(option, 'a power of two', value);
  return value;
}
