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
  /** The indexes of all nodes, best first, equal draws by index. O(nodes) to begin, O(log nodes) each. */
  rank(hash: number): Iterable<number>;
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

  *rank(hash: number): Iterable<number> {
    const scores = this.scores(hash);
    // Who asks wants a few of many: a heap, not a sort.
    const heap = heapOf(scores);
    for (let size = heap.length; size > 0;) {
      const best = heap[0]!;
      heap[0] = heap[--size]!;
      sink(heap, scores, 0, size);
      yield best;
    }
  }

  /** A number for each node; with one weight for all, the draws themselves are in order. */
  private scores(hash: number): Float64Array {
    const { seeds, order } = this;
    const scores = new Float64Array(seeds.length);
    const equal = this.ends.length === 1;
    for (let place = 0; place < scores.length; place++) {
      scores[order[place]!] = equal ? murmurMix(hash ^ seeds[place]!) : this.score(hash, place);
    }
    return scores;
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

/** The nodes as a binary heap: greatest score first, equal ones by index. */
function heapOf(scores: Float64Array): Uint32Array {
  const heap = new Uint32Array(scores.length);
  for (let node = 0; node < heap.length; node++) heap[node] = node;
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) sink(heap, scores, at, heap.length);
  return heap;
}

/** Moves an entry down to where it belongs. */
function sink(heap: Uint32Array, scores: Float64Array, from: number, size: number): void {
  const moving = heap[from]!;
  let at = from;
  for (let child = at * 2 + 1; child < size; child = at * 2 + 1) {
    if (child + 1 < size && isBefore(scores, heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(scores, heap[child]!, moving)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = moving;
}

function isBefore(scores: Float64Array, a: number, b: number): boolean {
  const difference = scores[a]! - scores[b]!;
  return difference > 0 || (difference === 0 && a < b);
}
