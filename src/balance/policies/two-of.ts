/**
 * The power of two choices: of two endpoints drawn at random the better one is nearly as good as the
 * best of all, costs the same whatever their number, and keeps many clients from all running to the
 * same one (M. Mitzenmacher, 2001).
 */

import type { Random } from '../../core/index.ts';
import type { Candidates } from '../policy.ts';

/** The first of two different positions. */
export function firstDraw(among: Candidates, random: Random): number {
  return Math.floor(random() * among.size);
}

/** The second, never the first; of one candidate, itself. */
export function secondDraw(among: Candidates, first: number, random: Random): number {
  if (among.size === 1) return first;
  const second = Math.floor(random() * (among.size - 1));
  return second >= first ? second + 1 : second;
}
