/** Sets of endpoints to choose from. */

import type { Candidates } from './policy.ts';

/** Makes a set that lives until endpoints or weights change. */
export function candidateSet(slots: readonly number[], weight: Float64Array): Candidates {
  return new CandidateSet(slots, weight);
}

class CandidateSet implements Candidates {
  readonly slots: Int32Array;
  readonly size: number;
  readonly isWeighted: boolean;
  prepared: unknown = undefined;
  private members: Uint8Array | undefined = undefined;

  constructor(slots: readonly number[], weight: Float64Array) {
    this.slots = Int32Array.from(slots);
    this.size = slots.length;
    const first = weight[slots[0] ?? 0];
    this.isWeighted = slots.some((slot) => weight[slot] !== first);
  }

  get base(): Candidates {
    return this;
  }

  has(slot: number): boolean {
    if (this.members === undefined) {
      this.members = new Uint8Array(this.slots.reduce((most, one) => Math.max(most, one), -1) + 1);
      for (const one of this.slots) this.members[one] = 1;
    }
    return this.members[slot] === 1;
  }
}

/** Those of a set that one call may go to; undefined when there are none. O(size). */
export function narrowed(
  base: Candidates,
  keep: (slot: number) => boolean,
): Candidates | undefined {
  const slots = base.slots.filter(keep);
  if (slots.length === 0) return undefined;
  return slots.length === base.size ? base : new NarrowedSet(slots, base);
}

class NarrowedSet implements Candidates {
  readonly slots: Int32Array;
  readonly base: Candidates;
  prepared: unknown = undefined;

  constructor(slots: Int32Array, base: Candidates) {
    this.slots = slots;
    this.base = base.base;
  }

  get size(): number {
    return this.slots.length;
  }

  get isWeighted(): boolean {
    return this.base.isWeighted;
  }

  has(slot: number): boolean {
    return this.slots.includes(slot);
  }
}
