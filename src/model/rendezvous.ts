/**
 * Rendezvous hashing: every node draws a number for the key, and the greatest wins. A node that comes
 * takes exactly the keys it wins; one that goes leaves its keys to their runners-up; a new weight moves
 * its difference and nothing else.
 *
 * Sources: D. Thaler and C. Ravishankar (1998); weights by −w / ln u, J. Resch, "New Hashing Algorithms
 * for Data Storage" (SDC 2015). Our deviation: nodes of one weight are compared by their whole numbers,
 * and the logarithm is taken once a weight, not once a node.
 */
import { murmurMix } from '../core/hash-murmur3.ts';

/** Nodes that draw numbers. */
export interface Rendezvous {
  /** The index of the winner for a 32-bit hash of the key. O(nodes). */
  pick(hash: number): number;
  /** The indexes of all nodes, best first, equal draws by index. O(nodes × log nodes). */
  rank(hash: number): number[];
}

/**
 * Prepares a rendezvous.
 *
 * @param seeds a 32-bit hash of each node's name
 * @param weights above 0, one a node
 */
export function rendezvous(seeds: readonly number[], weights: readonly number[]): Rendezvous {
  return new WeightClasses(seeds, weights);
}

class WeightClasses implements Rendezvous {
  private readonly seeds: Uint32Array;
  private readonly weights: Float64Array;
  /** Node indexes, those of one weight together, ascending within it. */
  private readonly order: Uint32Array;
  /** Where each class ends in `order`. */
  private readonly ends: readonly number[];

  constructor(seeds: readonly number[], weights: readonly number[]) {
    const order = seeds.map((_, node) => node).sort((a, b) => weights[a]! - weights[b]! || a - b);
    this.order = Uint32Array.from(order);
    this.seeds = Uint32Array.from(order, (node) => seeds[node]!);
    this.weights = Float64Array.from(order, (node) => weights[node]!);
    this.ends = order.flatMap((node, at) =>
      weights[order[at + 1] ?? -1] === weights[node] ? [] : [at + 1],
    );
  }

  pick(hash: number): number {
    let winner = -1;
    let best = -1;
    let begin = 0;
    for (let at = 0; at < this.ends.length; at++) {
      const end = this.ends[at]!;
      const place = this.greatest(hash, begin, end);
      const score = this.ends.length === 1 ? 0 : this.score(hash, place);
      if (score > best || (score === best && this.order[place]! < this.order[winner]!)) {
        best = score;
        winner = place;
      }
      begin = end;
    }
    return winner < 0 ? -1 : this.order[winner]!;
  }

  rank(hash: number): number[] {
    const places = Array.from(this.seeds, (_, place) => place);
    const scores = places.map((place) => this.score(hash, place));
    places.sort((a, b) => scores[b]! - scores[a]! || this.order[a]! - this.order[b]!);
    return places.map((place) => this.order[place]!);
  }

  /** The place of the greatest draw in one class. */
  private greatest(hash: number, begin: number, end: number): number {
    const { seeds } = this;
    let place = begin;
    let best = -1;
    for (let at = begin; at < end; at++) {
      const drawn = murmurMix(hash ^ seeds[at]!);
      if (drawn > best) {
        best = drawn;
        place = at;
      }
    }
    return place;
  }

  private score(hash: number, place: number): number {
    const drawn = (murmurMix(hash ^ this.seeds[place]!) + 0.5) / 2 ** 32;
    return this.weights[place]! / -Math.log(drawn);
  }
}
