/**
 * The best of several sorted lists: what a search over shards ends with.
 *
 * A tournament (loser tree; D. Knuth, TAOCP 3, §5.4.1): each list's head plays once, then every item
 * taken costs log₂(lists) comparisons. Concatenating and sorting compares all items with all others.
 */

import { optionChecks } from '../core/index.ts';

/**
 * The first `count` items of lists that are sorted by `compare`, in its order; of equal items the one
 * from the earlier list comes first. `O(lists + count × log lists)`.
 *
 * ```ts
 * import { mergeTop } from 'tenfold/shard';
 *
 * mergeTop([[9, 4, 1], [8, 7]], 3, (a, b) => b - a); // [9, 8, 7]
 * ```
 *
 * @throws OptionError (`ERR_OPTION`) for what are no lists, no count of 0 or more, no comparison
 */
export function mergeTop<T>(
  lists: readonly (readonly T[])[],
  count: number,
  compare: (a: T, b: T) => number,
): T[] {
  const check = optionChecks('mergeTop');
  if (!Array.isArray(lists) || !lists.every(Array.isArray))
    check.refuse('lists', 'a list of lists', lists);
  check.number('count', count, { min: 0, infinite: true });
  check.callable('compare', compare);
  const players = lists.length;
  const best: T[] = [];
  if (players === 0) return best;
  const next = new Int32Array(players);
  const losers = new Int32Array(players).fill(-1);
  // An exhausted list loses to every other.
  const beats = (a: number, b: number): boolean => {
    const first = lists[a]!;
    const second = lists[b]!;
    if (next[b]! >= second.length) return true;
    if (next[a]! >= first.length) return false;
    const order = compare(first[next[a]!]!, second[next[b]!]!);
    return order < 0 || (order === 0 && a < b);
  };
  let winner = -1;
  for (let player = 0; player < players; player++) {
    winner = player;
    for (let at = (player + players) >> 1; at > 0; at >>= 1) {
      const waiting = losers[at]!;
      if (waiting < 0) {
        // Nobody has come to this match yet: wait here.
        losers[at] = winner;
        winner = -1;
        break;
      }
      if (beats(waiting, winner)) {
        losers[at] = winner;
        winner = waiting;
      }
    }
  }
  while (best.length < count) {
    const list = lists[winner]!;
    if (next[winner]! >= list.length) break;
    best.push(list[next[winner]!++]!);
    for (let at = (winner + players) >> 1; at > 0; at >>= 1) {
      const waiting = losers[at]!;
      if (beats(waiting, winner)) {
        losers[at] = winner;
        winner = waiting;
      }
    }
  }
  return best;
}
