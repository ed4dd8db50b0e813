/** What a tier of a cache can be told. */

import type { OptionChecks, Policy } from '../core/index.ts';
import { optionChecks } from '../core/index.ts';
import type { Codec } from './codec.ts';
import { jsonCodec } from './codec.ts';
import type { CompressionOptions } from './compression.ts';
import type { Tier } from './tier.ts';

/** How writes wait before they go to a tier. */
export interface WriteBehindOptions {
  /** Longest time a write waits for others, ms. @default 50 */
  readonly flushMs?: number;
  /** Writes that wait at once; one more waits until some are through. @default 10_000 */
  readonly maxPending?: number;
}

/** One tier below the memory. */
export interface TierOptions {
  readonly tier: Tier;
  /** Longest time an entry is fresh in this tier, ms. @default Infinity, so that the entry's own counts */
  readonly ttlMs?: number;
  /** Longest time the cache waits for one answer of the tier, ms. @default 250 */
  readonly timeoutMs?: number;
  /** What every request to the tier runs through, such as a circuit breaker. @default nothing */
  readonly policy?: Policy;
  /** How values become bytes, in a tier that holds bytes. @default jsonCodec() */
  readonly codec?: Codec;
  /** Compression of large payloads; false: none. @default over 4,096 bytes */
  readonly compression?: CompressionOptions | false;
  /** Larger payloads are not written, bytes. @default 4 MiB */
  readonly maxBytes?: number;
  /** Writes wait to be sent together; false: each is sent at once. @default false */
  readonly writeBehind?: WriteBehindOptions | false;
  /** How long a process may load a key while the others wait for it, ms. @default 10_000 */
  readonly leaseMs?: number;
  /** How long to wait for a value that another process loads, before loading it oneself, ms. @default 2_000 */
  readonly leaseWaitMs?: number;
}

/** The same, complete. */
export interface TierRules {
  readonly tier: Tier;
  readonly ttlMs: number;
  readonly timeoutMs: number;
  readonly policy: Policy | undefined;
  readonly codec: Codec;
  readonly compression: Required<CompressionOptions>;
  readonly maxBytes: number;
  readonly flushMs: number;
  readonly maxPending: number;
  readonly leaseMs: number;
  readonly leaseWaitMs: number;
}

const KNOWN: readonly (keyof TierOptions)[] = [
  'tier',
  'ttlMs',
  'timeoutMs',
  'policy',
  'codec',
  'compression',
  'maxBytes',
  'writeBehind',
  'leaseMs',
  'leaseWaitMs',
];

/** Checks a tier's options and fills in the defaults. A bare tier is one without options. */
export function tierRules(subject: string, given: Tier | TierOptions): TierRules {
  const check = optionChecks(subject);
  const options = optionsOf(check, given);
  check.known(options, KNOWN);
  checkTier(check, options.tier);
  const { policy, codec = jsonCodec() } = options;
  if (policy !== undefined) check.methods('policy', policy, ['run']);
  check.methods('codec', codec, ['encode', 'decode']);
  const behind = options.writeBehind === false ? undefined : options.writeBehind;
  if (behind !== undefined) check.known(behind, ['flushMs', 'maxPending']);
  return {
    tier: options.tier,
    policy,
    codec,
    ttlMs: check.durationMs('ttlMs', options.ttlMs ?? Infinity),
    timeoutMs: check.durationMs('timeoutMs', options.timeoutMs ?? 250),
    compression: compression(check, options.compression),
    maxBytes: check.number('maxBytes', options.maxBytes ?? 4 * 1024 * 1024, {
      min: 1,
      infinite: true,
    }),
    flushMs: behind === undefined ? 0 : check.positive('writeBehind.flushMs', behind.flushMs ?? 50),
    maxPending: check.count('writeBehind.maxPending', behind?.maxPending ?? 10_000),
    leaseMs: check.positive('leaseMs', options.leaseMs ?? 10_000),
    leaseWaitMs: check.nonNegative('leaseWaitMs', options.leaseWaitMs ?? 2_000),
  };
}

/** A bare tier is one without options. */
function optionsOf(check: OptionChecks, given: Tier | TierOptions): TierOptions {
  if (typeof given !== 'object' || given === null) {
    check.refuse('', 'a tier, or options with one', given);
  }
  return 'tier' in given ? given : { tier: given };
}

function checkTier(check: OptionChecks, tier: Tier): void {
  if (typeof tier !== 'object' || tier === null) check.refuse('tier', 'a tier', tier);
  check.text('tier.name', tier.name);
  check.oneOf('tier.holds', tier.holds, ['bytes', 'values']);
  check.methods('tier', tier, ['read', 'write', 'remove', 'bump']);
}

function compression(
  check: OptionChecks,
  given: CompressionOptions | false | undefined,
): Required<CompressionOptions> {
  if (given === false) return { overBytes: Infinity, algorithm: 'auto' };
  const options = check.known(given ?? {}, ['overBytes', 'algorithm']);
  const names = ['auto', 'deflate', 'zstd'] as const;
  return {
    overBytes: check.number('compression.overBytes', options.overBytes ?? 4_096, {
      min: 0,
      infinite: true,
    }),
    algorithm: check.oneOf('compression.algorithm', options.algorithm ?? 'auto', names),
  };
}
