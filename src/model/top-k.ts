/**
 * The keys that occur most often in an endless stream, in bounded memory: hot keys, busy tenants.
 *
 * Space-Saving (A. Metwally, D. Agrawal, A. El Abbadi, ICDT 2005) with a randomised admission (R.
 * Ben Basat, X. Chen, G. Einziger, R. Friedman, Y. Kassner, INFOCOM 2017): a key without a counter
 * takes over the smallest only with probability 1 ÷ (its count + 1), so that a flood of rare keys
 * neither washes out the list nor inflates it. With 40 counters it finds the ten most frequent of
 * 100,000 keys where plain Space-Saving finds one to nine, at less cost. Counters are a heap instead
 * of linked buckets, so that weights need no extra care.
 */
import { optionChecks } from '../core/options.ts';
import { seededRandom } from '../core/seeded-random.ts';

/** One of the most frequent keys. */
export interface HeavyHitter<Key> {
  readonly key: Key;
  /** Estimate of what was added for the key. */
  readonly count: number;
  /** What certainly was: counted since the key holds its counter. */
  readonly atLeast: number;
}

/** Options of {@link topK}. */
export interface TopKOptions {
  /** How many keys to list; 1 to 100,000. */
  readonly k: number;
  /** Keys counted at once; `k` to 1,000,000. @default 8 × k, at least 64 */
  readonly counters?: number;
  /** Numbers in [0, 1). @default a fixed sequence, so that equal streams give equal lists */
  readonly random?: () => number;
}

/** The most frequent keys of a stream. */
export interface TopK<Key> {
  /** Sum of all that was added. */
  readonly total: number;
  /** Counts a key `n` more times (above 0, default 1). O(log counters), for a hot key O(1). */
  add(key: Key, n?: number): void;
  /** The `k` keys with the greatest counts, greatest first. O(counters · log counters). */
  list(): HeavyHitter<Key>[];
  /** Halves all counts, so that the past fades: call it once per half-life. O(counters). */
  halve(): void;
  /** Forgets everything. */
  reset(): void;
}

/**
 * Makes a counter of the most frequent keys.
 *
 * @throws OptionError naming the option out of range, or when `n` is not above 0
 *
 * @example
 * ```ts
 * import { topK } from 'tenfold/model';
 *
 * const hot = topK({ k: 2 });
 * for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) hot.add(key);
 * hot.list(); // a: 3, b: 2
 * ```
 */
export function topK<Key = string>(options: TopKOptions): TopK<Key> {
  const check = optionChecks('topK');
  check.known(options, ['k', 'counters', 'random']);
  const k = check.number('k', options.k, { min: 1, max: 100_000, integer: true });
  const size = check.number('counters', options.counters ?? Math.max(64, 8 * k), {
    min: k,
    max: 1_000_000,
    integer: true,
  });

  const random = check.callable('random', options.random ?? seededRandom('topK'));
  const byKey = new Map<Key, Counter<Key>>();
  const heap: Counter<Key>[] = []; // least count first
  let total = 0;

  const enter = (key: Key, n: number): Counter<Key> => {
    const counter = { key, count: n, before: 0, at: heap.length };
    heap.push(counter);
    rise(heap, counter);
    return counter;
  };
  const takeOver = (least: Counter<Key>, key: Key, n: number): void => {
    byKey.delete(least.key);
    least.key = key;
    least.before = least.count;
    least.count += n;
    sink(heap, least);
    byKey.set(key, least);
  };

  return {
    get total() {
      return total;
    },
    add: (key, n = 1) => {
      if (!(n > 0 && n < Infinity)) check.positive('n', n);
      total += n;
      const known = byKey.get(key);
      if (known !== undefined) {
        known.count += n;
        sink(heap, known);
        return;
      }
      if (heap.length < size) {
        byKey.set(key, enter(key, n));
        return;
      }
      const least = heap[0] as Counter<Key>;
      if (random() * (least.count + n) < n) takeOver(least, key, n);
    },
    list: () =>
      heap
        .toSorted((a, b) => b.count - a.count)
        .slice(0, k)
        .map(({ key, count, before }) => ({ key, count, atLeast: count - before })),
    halve: () => {
      total /= 2;
      for (const counter of heap) {
        counter.count /= 2;
        counter.before /= 2;
      }
    },
    reset: () => {
      byKey.clear();
      heap.length = 0;
      total = 0;
    },
  };
}

interface Counter<Key> {
  key: Key;
  count: number;
  /** Its count when the key took it over. */
  before: number;
  /** Its index in the heap. */
  at: number;
}

/** Restores the heap after a count has grown. */
function sink<Key>(heap: Counter<Key>[], counter: Counter<Key>): void {
  let at = counter.at;
  for (;;) {
    let least = 2 * at + 1;
    if (least >= heap.length) break;
    const right = heap[least + 1];
    if (right !== undefined && right.count < (heap[least] as Counter<Key>).count) least++;
    const child = heap[least] as Counter<Key>;
    if (child.count >= counter.count) break;
    heap[at] = child;
    child.at = at;
    at = least;
  }
  heap[at] = counter;
  counter.at = at;
}

/** Restores the heap after a counter was added at the end. */
function rise<Key>(heap: Counter<Key>[], counter: Counter<Key>): void {
  let at = counter.at;
  while (at > 0) {
    const up = (at - 1) >> 1;
    const parent = heap[up] as Counter<Key>;
    if (parent.count <= counter.count) break;
    heap[at] = parent;
    parent.at = at;
    at = up;
  }
  heap[at] = counter;
  counter.at = at;
}
