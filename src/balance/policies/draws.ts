/**
 * Draws of endpoints by chance.
 *
 * A linear congruential generator, seeded from the runtime's, whose every number costs a multiplication
 * and an addition: Math.random costs four times as much, and a pick wants several. Its high bits are
 * good, and only those count in a place among thousands. Multiplier: G. Steele and S. Vigna,
 * "Computationally easy, spectrally good multipliers for congruential pseudorandom number generators"
 * (2021), table of full 32-bit multipliers.
 *
 * The power of two choices: of two endpoints drawn at random the better one is nearly as good as the
 * best of all, costs the same whatever their number, and keeps many clients from all running to the
 * same one (M. Mitzenmacher, 2001).
 */

import type { Random } from '../../core/index.ts';

export class Draws {
  private state: number;

  constructor(random: Random) {
    this.state = (random() * 2 ** 32) | 0;
  }

  /** A whole number from 0 to below `size`. */
  below(size: number): number {
    this.state = (Math.imul(this.state, 0x915f77f5) + 1) | 0;
    return ((this.state >>> 0) * (1 / 0x1_0000_0000) * size) | 0;
  }

  /** Another one than `first`; of one, itself. */
  other(first: number, size: number): number {
    if (size === 1) return first;
    const second = this.below(size - 1);
    return second >= first ? second + 1 : second;
  }
}
