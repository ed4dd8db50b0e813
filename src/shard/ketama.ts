/**
 * The ring of libketama, and of those who copied it: pylibmc, Python's hash_ring, memcached clients.
 *
 * Source: RJ/ketama, ketama.c; bit for bit, including `floorf` over single-precision shares, which
 * npm hashring computes in doubles and so gives nodes 39 digests where libketama gives 40 (at 7, 14, 28
 * … nodes).
 */
import { hash as digest } from 'node:crypto';
import { optionChecks } from '../core/index.ts';
import type { Strategy } from './placement.ts';
import { ringStrategy } from './ring.ts';

/** Options of {@link ketama}. */
export interface KetamaOptions {
  /** Points of each digest: 4 as libketama and pylibmc, 3 as Python's hash_ring. @default 4 */
  readonly pointsPerDigest?: 3 | 4;
  /** A port left out of the name that is hashed (pylibmc: 11211). @default none */
  readonly defaultPort?: number;
}

/**
 * The ring of libketama, to the bit: its MD5 points, its rounding in single precision. A node of very
 * small weight has no point and owns nothing, as there.
 */
export function ketama(options: KetamaOptions = {}): Strategy {
  const check = optionChecks('ketama');
  check.known(options, ['pointsPerDigest', 'defaultPort']);
  const perDigest = check.number('pointsPerDigest', options.pointsPerDigest ?? 4, {
    min: 3,
    max: 4,
  });
  const suffix = options.defaultPort === undefined ? undefined : `:${options.defaultPort}`;
  const nameOf = (id: string): string =>
    suffix !== undefined && id.endsWith(suffix) ? id.slice(0, -suffix.length) : id;
  return ringStrategy({
    name: 'ketama',
    // Every node's number of points depends on the sum of weights, and rounding may shift by one.
    minimal: false,
    pointsOf: (nodes) => {
      const counts = ketamaDigests(nodes.map(({ weight }) => weight));
      return nodes.flatMap(({ id }, owner) =>
        Array.from({ length: counts[owner]! }, (_, index) =>
          md5Words(`${nameOf(id)}-${index}`, perDigest),
        ).flatMap((words) => words.map((high) => ({ high, low: 0, owner }))),
      );
    },
    hashOf: () => (key) => ({ high: md5Words(key, 1)[0]!, low: 0 }),
  });
}

/** Digests of each node, as C computes `floorf((float)weight / total * 40.0 * n)`. */
export function ketamaDigests(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const { fround } = Math;
  return weights.map((weight) => {
    const share = fround(fround(weight) / fround(total));
    return Math.floor(fround(share * 40 * weights.length));
  });
}

function md5Words(text: string, count: number): number[] {
  const bytes = digest('md5', text, 'buffer');
  return Array.from({ length: count }, (_, at) => bytes.readUInt32LE(at * 4));
}
