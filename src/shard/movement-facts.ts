/**
 * What a plan knows of slots and keys: checked, and asked for once.
 */
import { optionChecks } from '../core/index.ts';
import type { Placement } from './placement.ts';

/** What is known of slots and keys beyond their number. */
export interface MovementWeights {
  /** Slots in one move at most. @default 64 */
  readonly slotsPerMove?: number;
  /** Load of a slot, any unit, 0 or more. @default every slot the same */
  readonly loadOf?: (slot: number) => number;
  /** Bytes in a slot, 0 or more. @default unknown */
  readonly bytesOf?: (slot: number) => number;
  /** Bytes of all keys; without `bytesOf` each move is taken to have its share of them. @default unknown */
  readonly totalBytes?: number;
  /** A sample of real keys, for strategies without slots. @default 32,768 made-up keys */
  readonly keys?: Iterable<string>;
}

/** The ids of a key's owners before and after. */
export type OwnerPair = readonly [from: string, to: string];

/** The same, checked. */
export interface MovementFacts {
  readonly slotsPerMove: number;
  /** Load by slot; empty where ownership does not go by slots. */
  readonly slotLoads: Float64Array;
  /** The owners of a sample of keys; empty where ownership goes by slots. */
  readonly pairs: readonly OwnerPair[];
  /** Whether the sample shows every pair of nodes between which keys can move. */
  readonly covers: boolean;
  /** Bytes of some slots, or of a part of all keys; undefined when unknown. */
  bytes(slots: readonly number[], share: number): number | undefined;
}

/** Whether two placements have the same slots, so that movement goes by slot. */
export function sameSlots(before: Placement, after: Placement): boolean {
  return before.table !== undefined && before.table.layout === after.table?.layout;
}

/**
 * Checks what is known, and looks a sample of keys up where that is needed.
 *
 * @param keyOf the part of a key that is placed
 * @throws OptionError for a load or a size below 0 or NaN, and where made-up keys are refused
 */
export function movementFacts(
  before: Placement,
  after: Placement,
  weights: MovementWeights,
  keyOf: (key: string) => string,
): MovementFacts {
  const check = optionChecks('shardMap.plan');
  const { loadOf = () => 1, bytesOf, totalBytes, keys } = weights;
  check.callable('loadOf', loadOf);
  if (bytesOf !== undefined) check.callable('bytesOf', bytesOf);
  if (totalBytes !== undefined) check.nonNegative('totalBytes', totalBytes);
  const bySlot = sameSlots(before, after);
  return {
    slotsPerMove: check.count('slotsPerMove', weights.slotsPerMove ?? 64),
    slotLoads: Float64Array.from({ length: bySlot ? before.slots : 0 }, (_, slot) =>
      check.nonNegative(`loadOf(${slot})`, loadOf(slot)),
    ),
    pairs: bySlot ? [] : ownerPairs(before, after, keys, keyOf),
    covers: before.probesCover === true && after.probesCover === true && keys === undefined,
    bytes: (slots, share) => {
      if (bytesOf === undefined || !bySlot) {
        return totalBytes === undefined ? undefined : share * totalBytes;
      }
      return slots.reduce(
        (sum, slot) => sum + check.nonNegative(`bytesOf(${slot})`, bytesOf(slot)),
        0,
      );
    },
  };
}

function ownerPairs(
  before: Placement,
  after: Placement,
  keys: Iterable<string> | undefined,
  keyOf: (key: string) => string,
): OwnerPair[] {
  const pairOf = (key: string): OwnerPair => [before.owner(key).id, after.owner(key).id];
  if (keys !== undefined) return Array.from(keys, (key) => pairOf(keyOf(key)));
  const probes = [...new Set([...before.probes(), ...after.probes()])];
  try {
    return probes.map(pairOf);
  } catch (cause) {
    // A directory knows no partition of a made-up key.
    const wanted = `a sample of real keys, as made-up ones are refused (${String(cause)})`;
    return optionChecks('shardMap.plan').refuse('keys', wanted, keys);
  }
}
