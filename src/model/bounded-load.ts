/**
 * Consistent hashing with bounded loads, for work in flight: a host may hold no more than a factor of
 * the average, and what finds its host full goes to another one, the same for the same key.
 *
 * Source: V. Mirrokni, M. Thorup, M. Zadimoghaddam, "Consistent Hashing with Bounded Loads" (2016), in
 * the form of Envoy's hash_balance_factor: the alternatives come in an order shuffled by the key's hash
 * (MT19937), not along the ring, where one full host would press its whole load upon its neighbour.
 */

/** What {@link boundedPick} asks of its host. */
export interface BoundedPick {
  /** The host that the hash alone would choose. */
  readonly first: number;
  /** The key's hash; its low 32 bits count. */
  readonly hash: number;
  readonly hosts: number;
  /** How full a host is: active ÷ allowed; up to 1 there is room. */
  readonly fullness: (host: number) => number;
}

/**
 * How many pieces of work a host may hold when one more comes.
 *
 * @param active pieces in flight on all hosts
 * @param factor how far above the average a host may go, 1 or more
 * @param share the host's weight ÷ all weights
 */
export function allowedLoad(active: number, factor: number, share: number): number {
  // Envoy's integer form, rounded up by hundredths of the factor.
  const total = Math.floor(((active + 1) * Math.round(factor * 100) + 99) / 100);
  return Math.max(1, Math.ceil(total * share));
}

/**
 * The host for a piece of work: the first if it has room, else the first with room in an order drawn
 * from the hash, else the least full. O(1) while the first has room, O(hosts) otherwise.
 */
export function boundedPick({ first, hash, hosts, fullness }: BoundedPick): number {
  let least = fullness(first);
  let chosen = first;
  if (least <= 1) return chosen;
  const order = hashShuffle(hosts, hash);
  for (let host = order(); host >= 0; host = order()) {
    if (host === first) continue;
    const full = fullness(host);
    if (full <= 1) return host;
    if (full < least) {
      least = full;
      chosen = host;
    }
  }
  return chosen;
}

/**
 * Draws 0 … count − 1 in an order given by the hash (Fisher and Yates over MT19937), then -1. Only what
 * is asked for is drawn.
 */
export function hashShuffle(count: number, hash: number): () => number {
  const random = mt19937(hash);
  const left = Uint32Array.from({ length: count }, (_, index) => index);
  let at = 0;
  return () => {
    if (at === count) return -1;
    const picked = at + below(random, count - at);
    const index = left[picked]!;
    left[picked] = left[at]!;
    left[at++] = index;
    return index;
  };
}

function below(random: () => number, count: number): number {
  const step = Math.floor(2 ** 32 / count);
  for (;;) {
    const drawn = Math.floor(random() / step);
    if (drawn < count) return drawn;
  }
}

const STATE = 624;
const MIDDLE = 397;

/** The Mersenne Twister of M. Matsumoto and T. Nishimura (1998), 32 bits, seeded as in C++. */
function mt19937(seed: number): () => number {
  const state = new Uint32Array(STATE);
  state[0] = seed;
  for (let at = 1; at < STATE; at++) {
    const before = state[at - 1]!;
    state[at] = Math.imul(before ^ (before >>> 30), 1812433253) + at;
  }
  let at = 0;
  return () => {
    const next = (at + 1) % STATE;
    const joined = (state[at]! & 0x8000_0000) | (state[next]! & 0x7fff_ffff);
    const twisted =
      state[(at + MIDDLE) % STATE]! ^ (joined >>> 1) ^ ((joined & 1) === 0 ? 0 : 0x9908b0df);
    state[at] = twisted;
    at = next;
    return tempered(twisted);
  };
}

function tempered(value: number): number {
  const first = value ^ (value >>> 11);
  const second = first ^ ((first << 7) & 0x9d2c5680);
  const third = second ^ ((second << 15) & 0xefc60000);
  return (third ^ (third >>> 18)) >>> 0;
}
