/**
 * Hash tags: the part of a key that decides where it goes, so that keys can be kept together.
 *
 * Source: Redis Cluster specification, "Hash tags". The first `{` counts, and the first `}` after it;
 * when nothing stands between them the whole key counts. (npm cluster-key-slot, inside ioredis, looks
 * for another `}` then: `foo{}{bar}` is 8363 to a Redis server and 4015 to it.)
 */
import { crc16, OptionError } from '../core/index.ts';

/** Slots of a Redis Cluster. */
export const REDIS_SLOTS = 16_384;

/**
 * The hashed part of a key: what stands between the first `{` and the first `}` after it, or all.
 *
 * ```ts
 * import { hashTag } from 'tenfold/shard';
 *
 * hashTag('cart:{user 7}:items'); // 'user 7'
 * ```
 *
 * @throws OptionError (`ERR_OPTION`) for a key that is no string
 */
export function hashTag(key: string): string {
  if (typeof key !== 'string') throw new OptionError('hashTag.key', 'a string', key);
  const open = key.indexOf('{');
  if (open < 0) return key;
  const close = key.indexOf('}', open + 1);
  return close <= open + 1 ? key : key.slice(open + 1, close);
}

/** The Redis Cluster slot of a key, 0 … 16,383, as the server computes it from its UTF-8 bytes. */
export function redisSlot(key: string): number {
  return crc16(hashTag(key)) & (REDIS_SLOTS - 1);
}
