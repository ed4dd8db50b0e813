/**
 * The form of an entry in one tier: from a draft to what the tier keeps, and back to a value that may be
 * believed, or not.
 */

import type { Runtime } from '../core/index.ts';
import { isThenable } from '../core/index.ts';
import type { Envelope } from './envelope.ts';
import { ageOf, checkedEnvelope, packEnvelope, unpackEnvelope } from './envelope.ts';
import type { Draft, Wish } from './outbox.ts';
import { EVERYTHING } from './outbox.ts';
import type { TagClock } from './tag-clock.ts';
import type { TierRules } from './tier-options.ts';
import type { TierEntry, TierWrite } from './tier.ts';

/** A valid value found in a tier; times are durations from now. */
export interface Found {
  readonly value: unknown;
  /** Ms for which it stays fresh; 0 or less: it is stale. */
  readonly freshMs: number;
  readonly loadMs: number;
  readonly tags: readonly string[];
}

/** What the desk needs of its cache. */
export interface DeskHost {
  readonly runtime: Runtime;
  readonly tagClock: TagClock;
  /** Prefix of keys and tags in the tier. */
  readonly name: string;
  readonly version: number;
  migrate(value: unknown, from: number): unknown;
  /** How long entries are of use after they were fresh, ms. */
  readonly keepMs: number;
  /** Moves a duration by the cache's jitter. */
  jittered(ms: number): number;
  failed(tier: string, operation: string, error: unknown): void;
  corrupt(tier: string, key: string, error: unknown): void;
  unstorable(tier: string, key: string, error: unknown): void;
  /** The tier has been told of keys and tags it could not be told of before. */
  recovered(keys: readonly string[], tags: readonly string[]): void;
}

const LONGEST_KEEP_MS = 30 * 86_400_000;

/** An entry as it came, its value readable. */
export interface Opened {
  readonly envelope: Envelope;
  readonly ageMs: number;
}

export class TierForm {
  private readonly rules: TierRules;
  private readonly host: DeskHost;

  constructor(rules: TierRules, host: DeskHost) {
    this.rules = rules;
    this.host = host;
  }

  /** A key or tag as the tier knows it. */
  readonly scoped = (text: string): string => `${this.host.name}:${text}`;

  /** What the tier keeps, if it is ours and whole; otherwise an event, and undefined. */
  open(key: string, { payload, remainingMs }: TierEntry): Opened | undefined {
    const { tier, codec } = this.rules;
    try {
      const envelope =
        tier.holds === 'values' ? checkedEnvelope(payload) : unpackEnvelope(payload, codec);
      return { envelope: this.migrated(envelope), ageMs: ageOf(envelope, remainingMs) };
    } catch (error) {
      this.host.corrupt(tier.name, key, error);
      return undefined;
    }
  }

  private migrated(envelope: Envelope): Envelope {
    const { version } = this.host;
    if (envelope.version === version || envelope.value === undefined) return envelope;
    if (envelope.version > version) {
      throw new Error(`schema version ${envelope.version} is newer than ${version}`);
    }
    const value = this.host.migrate(envelope.value, envelope.version);
    if (isThenable(value)) throw new TypeError('migrate must answer at once');
    return { ...envelope, version, value };
  }

  /** The value, unless one of its tags was invalidated after it was made. */
  judge(
    { envelope, ageMs }: Opened,
    vector: ReadonlyMap<string, number>,
    owedTags: ReadonlyMap<string, object>,
  ): Found | undefined {
    for (const [tag, version] of envelope.tags) {
      if (vector.get(tag) !== version || owedTags.has(tag)) return undefined;
    }
    return {
      value: envelope.value,
      freshMs: envelope.freshMs - ageMs,
      loadMs: envelope.loadMs,
      tags: envelope.tags.map(([tag]) => tag).filter((tag) => tag !== EVERYTHING),
    };
  }

  /** The form of a value in the tier; undefined when it has none or is of no use any more. */
  packed(draft: Draft, vector: ReadonlyMap<string, number>): TierWrite | undefined {
    const { host, rules } = this;
    const freshMs = Math.min(draft.freshUntil - host.runtime.now(), host.jittered(rules.ttlMs));
    if (!(freshMs > 0)) return undefined;
    const keptMs =
      freshMs === Infinity ? Infinity : freshMs + Math.min(host.keepMs, LONGEST_KEEP_MS);
    const envelope: Envelope = {
      value: draft.value,
      version: host.version,
      freshMs,
      keptMs,
      loadMs: draft.loadMs,
      tags: draft.mark.tags.map((tag) => [tag, vector.get(tag) ?? 0]),
    };
    try {
      const payload =
        rules.tier.holds === 'values'
          ? envelope
          : packEnvelope(envelope, rules.codec, rules.compression);
      if (payload instanceof Uint8Array && payload.length > rules.maxBytes) {
        throw new RangeError(`${payload.length} bytes are more than maxBytes, ${rules.maxBytes}`);
      }
      return { key: this.scoped(draft.key), payload, ttlMs: keptMs };
    } catch (error) {
      host.unstorable(rules.tier.name, draft.key, error);
      return undefined;
    }
  }

  /** What a wish the tier has yet to hear of says of the key. */
  fromWish(wish: Wish): Found | undefined {
    if (wish.kind === 'remove' || !this.host.tagClock.isCurrent(wish.mark)) return undefined;
    return {
      value: wish.value,
      freshMs: wish.freshUntil - this.host.runtime.now(),
      loadMs: wish.loadMs,
      tags: wish.mark.tags.filter((tag) => tag !== EVERYTHING),
    };
  }
}
