/** Multi-level cache: memory, tiers and source as one; nothing stale, nothing stampedes, nothing hangs. */
export { cache } from './cache.ts';
export type { CacheOptions, MemoryOptions } from './cache-options.ts';
export type {
  BatchLoader,
  Cache,
  CacheDump,
  CacheEvents,
  CacheSnapshot,
  Explanation,
  GetOptions,
  LevelSnapshot,
  LoadContext,
  Loader,
  SetOptions,
  TierSnapshot,
  Unchanged,
} from './types.ts';
export { UNCHANGED } from './types.ts';
export type { Eviction, EvictionPolicy, EvictionSpace } from './eviction.ts';
export { lru } from './memory/lru.ts';
export type { WTinyLfuOptions } from './memory/w-tiny-lfu.ts';
export { wTinyLfu } from './memory/w-tiny-lfu.ts';
export type { Tier, TierCall, TierEntry, TierReading, TierWrite } from './tier.ts';
export type { TierOptions, WriteBehindOptions } from './tier-options.ts';
export type { MemoryTierOptions } from './in-process.ts';
export { memoryBus, memoryTier } from './in-process.ts';
export type { LruLike } from './lru-tier.ts';
export { lruTier } from './lru-tier.ts';
export type { Bus, BusListener, BusMessage } from './bus.ts';
export type { Codec, Packer } from './codec.ts';
export { jsonCodec, msgpackCodec, v8Codec } from './codec.ts';
export type { CompressionOptions } from './compression.ts';
