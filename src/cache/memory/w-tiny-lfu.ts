/**
 * W-TinyLFU with a dueling window: four ghosts, each with another share of window, see a sample of
 * the requests; the real cache takes the share of the ghost that hits most.
 *
 * Set dueling: M. Qureshi et al., ISCA 2007, there between cache insertion policies. Against the hill
 * climber of Caffeine it needs no step size and does not get stuck (docs/cache.md has the figures).
 */

import { optionChecks } from '../../core/index.ts';
import { murmurMix } from '../../core/hash-murmur3.ts';
import type { Eviction, EvictionPolicy, EvictionSpace } from '../eviction.ts';
import { Ghost } from './ghost.ts';
import { SegmentedTinyLfu } from './segments.ts';

/** Options of {@link wTinyLfu}. */
export interface WTinyLfuOptions {
  /**
   * Share of the window, 0–1, fixed; `duel` finds it out. A greater window favours what was used
   * lately over what is used often. @default 'duel'
   */
  readonly window?: number | 'duel';
}

const WINDOWS = [0.01, 0.1, 0.2, 0.6] as const;
const FIRST_WINDOW = 2;
/** A ghost holds this share of the real entries … */
const GHOST_SHARE = 1 / 16;
/** … but enough that its ratio means something, and not so many that it weighs. */
const LEAST_GHOST_ENTRIES = 128;
const MOST_GHOST_ENTRIES = 2_048;
const ROUND_PER_ENTRY = 10;
/** Uses that wait to be worked off together, which spares most of their cache misses. */
const BUFFER = 64;

/**
 * The default policy of the memory tier: W-TinyLFU, whose window is chosen by duel.
 *
 * ```ts
 * import { cache, wTinyLfu } from 'tenfold/cache';
 *
 * const scans = cache<string>({ memory: { maxEntries: 10_000, eviction: wTinyLfu({ window: 0.01 }) } });
 * await scans.set('key', 'value');
 * ```
 *
 * @throws OptionError for a window that is no share
 */
export function wTinyLfu(options: WTinyLfuOptions = {}): EvictionPolicy {
  const check = optionChecks('wTinyLfu');
  check.known(options, ['window']);
  const { window = 'duel' } = options;
  if (window !== 'duel') check.ratio('window', window);
  return {
    name: 'w-tiny-lfu',
    create: (space) => new BufferedTinyLfu(space, window),
  };
}

class BufferedTinyLfu implements Eviction {
  private readonly space: EvictionSpace;
  private readonly segments: SegmentedTinyLfu;
  private readonly duel: Duel | undefined;
  private readonly buffer = new Int32Array(BUFFER);
  private waiting = 0;

  constructor(space: EvictionSpace, window: number | 'duel') {
    this.space = space;
    this.segments = new SegmentedTinyLfu(space, window === 'duel' ? WINDOWS[FIRST_WINDOW] : window);
    this.duel = window === 'duel' ? new Duel(space, this.segments) : undefined;
  }

  used(slot: number): void {
    this.buffer[this.waiting++] = slot;
    if (this.waiting === BUFFER) this.drain();
  }

  added(slot: number): void {
    this.drain();
    const weight = this.space.weight(slot);
    this.segments.added(slot);
    this.duel?.request(slot, weight);
  }

  rewritten(slot: number, weightBefore: number): void {
    this.drain();
    this.duel?.request(slot, this.space.weight(slot));
    this.segments.rewritten(slot, weightBefore);
  }

  removed(slot: number): void {
    this.drain();
    this.segments.removed(slot);
  }

  reserve(slots: number): void {
    this.segments.reserve(slots);
  }

  clear(): void {
    this.waiting = 0;
    this.segments.clear();
  }

  describe(): Readonly<Record<string, number>> {
    return this.segments.describe();
  }

  /** Slots are only reused after `removed` or an eviction, and both come after a drain. */
  private drain(): void {
    const { buffer, segments, waiting, duel, space } = this;
    for (let i = 0; i < waiting; i++) {
      const slot = buffer[i] as number;
      segments.used(slot);
      duel?.request(slot, space.weight(slot));
    }
    this.waiting = 0;
  }
}

/** Finds the share of the window by letting ghosts compete. */
class Duel {
  private readonly segments: SegmentedTinyLfu;
  private ghosts: Ghost[];
  /** Keys whose mixed hash is below it are sampled. */
  private readonly threshold: number;
  private readonly roundRequests: number;
  private requests = 0;
  private chosen: number = FIRST_WINDOW;

  constructor(space: EvictionSpace, segments: SegmentedTinyLfu) {
    this.segments = segments;
    const entries = space.maxEntries === Infinity ? MOST_GHOST_ENTRIES * 16 : space.maxEntries;
    const ghostEntries = Math.min(
      entries,
      MOST_GHOST_ENTRIES,
      Math.max(LEAST_GHOST_ENTRIES, Math.round(entries * GHOST_SHARE)),
    );
    const share = ghostEntries / entries;
    this.threshold = share * 2 ** 32;
    this.roundRequests = ROUND_PER_ENTRY * entries;
    const bounds = {
      maxEntries: space.maxEntries === Infinity ? Infinity : ghostEntries,
      maxWeight: space.maxWeight * share,
      random: () => space.random(),
    };
    this.ghosts = WINDOWS.map((window) => new Ghost(bounds, window));
  }

  request(slot: number, weight: number): void {
    const hash = this.segments.hash(slot);
    if (murmurMix(hash ^ SAMPLE_SEED) < this.threshold) {
      for (const ghost of this.ghosts) ghost.request(hash, weight);
    }
    if (++this.requests >= this.roundRequests) this.choose();
  }

  private choose(): void {
    this.requests = 0;
    let best = this.chosen;
    for (let i = 0; i < this.ghosts.length; i++) {
      if ((this.ghosts[i] as Ghost).hits > (this.ghosts[best] as Ghost).hits) best = i;
    }
    for (const ghost of this.ghosts) ghost.hits = 0;
    if (best === this.chosen) return;
    this.chosen = best;
    this.segments.setWindow(WINDOWS[best] as number);
  }
}

/** Sets the sample apart from what the sketch does with the same hash. */
const SAMPLE_SEED = 0x5bd1e995;
