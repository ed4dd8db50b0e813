/**
 * Counts how many of a lane go before a rank, in `O(log n)`: a Fenwick tree over ranks (P. Fenwick,
 * "A New Data Structure for Cumulative Frequency Tables", Software: Practice and Experience 24(3),
 * 1994). A lane builds one the first time somebody asks for a position, and drops it when it empties;
 * lanes nobody asks about pay nothing.
 */

export class PositionIndex {
  private readonly base: number;
  private readonly counts: Int32Array;

  /**
   * @param ranks present now, ascending
   */
  constructor(ranks: readonly number[]) {
    this.base = ranks[0] ?? 0;
    const span = (ranks.at(-1) ?? 0) - this.base + 1;
    this.counts = new Int32Array(2 ** Math.ceil(Math.log2(2 * span + SLACK)) + 1);
    for (const rank of ranks) this.add(rank, 1);
  }

  /** False for a rank beyond what this index has room for: a new one must be built. */
  covers(rank: number): boolean {
    return rank >= this.base && rank - this.base + 1 < this.counts.length;
  }

  /** Counts an entry in (1) or out (-1). */
  add(rank: number, by: number): void {
    const { counts } = this;
    for (let i = rank - this.base + 1; i < counts.length; i += i & -i) {
      counts[i] = (counts[i] as number) + by;
    }
  }

  countBelow(rank: number): number {
    let count = 0;
    for (let i = rank - this.base; i > 0; i -= i & -i) count += this.counts[i] as number;
    return count;
  }
}

const SLACK = 64;
