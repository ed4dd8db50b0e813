/**
 * Smooth weighted round robin, computed once: nobody's turns come in a row that could be spread.
 *
 * Source: I. Sysoev, nginx (commit 27e9498, "smooth weighted round-robin"): every member gains its
 * weight, the one with the most goes and pays the sum of all. Our deviation: the period is written down
 * in advance, so that a turn is one array read (nginx spends O(members) on each); real weights are
 * rounded to a period of bounded length.
 */

import type { TurnOrder } from './order.ts';

/** Most turns of a period; weights that need more are rounded. */
const LONGEST = 4_096;

/** Most steps that preparing an order may take. */
const DEAREST = 2 ** 21;

/** The order, or undefined where it would take too long to prepare: hundreds of members and many weights. */
export function smoothOrder(weights: readonly number[], first = 0): TurnOrder | undefined {
  const whole = wholeWeights(weights);
  const period = whole.reduce((sum, weight) => sum + weight, 0);
  if (period * weights.length > DEAREST) return undefined;
  const sequence = smoothSequence(whole);
  let turn = (first % period) - 1;
  return {
    next: () => {
      turn = turn + 1 === sequence.length ? 0 : turn + 1;
      return sequence[turn]!;
    },
  };
}

/** One period for whole weights: as many turns as their sum, equals in the order given. */
export function smoothSequence(weights: readonly number[]): Uint32Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const credit = new Float64Array(weights.length);
  const sequence = new Uint32Array(total);
  for (let turn = 0; turn < total; turn++) {
    let best = 0;
    for (let member = 0; member < weights.length; member++) {
      credit[member]! += weights[member]!;
      if (credit[member]! > credit[best]!) best = member;
    }
    credit[best]! -= total;
    sequence[turn] = best;
  }
  return sequence;
}

/** The smallest whole numbers in the proportion of the weights, or near it; everybody has one or more. */
export function wholeWeights(weights: readonly number[]): number[] {
  const exact = weights.every(Number.isInteger) ? reduced(weights) : undefined;
  if (exact !== undefined && sumOf(exact) <= LONGEST) return exact;
  const most = weights.reduce((a, b) => Math.max(a, b));
  // In steps of a hundredth of the greatest, coarser where there are many members.
  const steps = Math.max(1, Math.min(100, Math.floor((LONGEST * most) / sumOf(weights))));
  return reduced(weights.map((weight) => Math.max(1, Math.round((weight / most) * steps))));
}

function sumOf(weights: readonly number[]): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}

function reduced(weights: readonly number[]): number[] {
  const divisor = weights.reduce(greatestCommonDivisor, 0);
  return weights.map((weight) => weight / divisor);
}

/** Of whole numbers; gcd(0, n) is n. */
export function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
