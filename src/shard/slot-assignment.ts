/**
 * Who gets which slot, moving as few as can be.
 *
 * Slots without an owner go first, each to the node that lacks most; then those that are to give hand
 * slots over, fullest to emptiest, until no hand-over brings two nodes closer to their shares. A node
 * whose share only grew gives nothing, one whose share only shrank gets nothing: no collateral, at the
 * price of a slot or so of rounding.
 */
import { murmurMix } from '../core/hash-murmur3.ts';
import { type StableHeap, stableHeap } from '../core/index.ts';

/** One node's part in an assignment. */
export interface SlotShare {
  /** Slots the node should own; need not be whole. */
  readonly share: number;
  readonly mayGain: boolean;
  readonly mayGive: boolean;
}

/**
 * The owner of each slot after the change. `O(slots × log nodes)`.
 *
 * @param current the index of each slot's owner in `nodes`; -1 without owner
 * @param nodes at least one may gain when a slot has no owner
 */
export function assignSlots(current: Int32Array, nodes: readonly SlotShare[]): Int32Array {
  const owners = Int32Array.from(current);
  const order = scattered(owners.length);
  const owned = slotsByOwner(owners, order, nodes.length);
  const lack = (node: number): number => nodes[node]!.share - owned[node]!.length;
  const gainers = heapOf(
    nodes,
    ({ mayGain }) => mayGain,
    (node) => -lack(node),
  );

  for (const slot of order) {
    if (owners[slot] !== -1) continue;
    const node = gainers.peek()!;
    owners[slot] = node;
    owned[node]!.push(slot);
    replaceFirst(gainers, -lack(node));
  }

  const givers = heapOf(nodes, ({ mayGive }) => mayGive, lack);
  while (givers.size > 0 && gainers.size > 0) {
    const from = givers.peek()!;
    const to = gainers.peek()!;
    if (lack(to) - lack(from) <= 1 + ROUNDING || owned[from]!.length === 0) break;
    const slot = owned[from]!.pop()!;
    owners[slot] = to;
    owned[to]!.push(slot);
    replaceFirst(givers, lack(from));
    replaceFirst(gainers, -lack(to));
  }
  return owners;
}

/** Shares are quotients; their sums are off by less than this. */
const ROUNDING = 1e-6;

/** All slots in an order without pattern, the same everywhere: neighbours do not move together. */
function scattered(slots: number): readonly number[] {
  // The mixed number and, below it, the slot: one sort of plain numbers. 2²⁰ slots at most.
  const keyed = Float64Array.from({ length: slots }, (_, slot) => murmurMix(slot) * 2 ** 20 + slot);
  return Array.from(keyed.sort(), (key) => key % 2 ** 20);
}

function slotsByOwner(owners: Int32Array, order: readonly number[], nodes: number): number[][] {
  const owned = Array.from({ length: nodes }, (): number[] => []);
  for (const slot of order) {
    const owner = owners[slot]!;
    if (owner >= 0) owned[owner]!.push(slot);
  }
  return owned;
}

function heapOf(
  nodes: readonly SlotShare[],
  fits: (node: SlotShare) => boolean,
  keyOf: (node: number) => number,
): StableHeap<number> {
  const heap = stableHeap<number>();
  nodes.forEach((node, at) => {
    if (fits(node)) heap.push(keyOf(at), at);
  });
  return heap;
}

function replaceFirst(heap: StableHeap<number>, key: number): void {
  heap.push(key, heap.pop()!);
}
