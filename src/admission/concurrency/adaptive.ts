/**
 * Our default limit: as many calls as the backend works on, and a few more.
 *
 * By Little's law `calls in flight × base latency / latency` is how many calls the backend works on;
 * the rest queue. The limit is that need plus `2·√need`, enough to keep the backend busy through
 * bursts. While it is not full all the time it grows, up to twice the need.
 *
 * The base latency is where such limits go wrong: taken during an overload it hides the queue, and
 * when the backend becomes slower for good it sees a queue that is not there. So the limit is its own
 * experiment. Whenever the calls in flight have changed by a fifth while the limit was full, the
 * gradient of latency over concurrency is compared with the noise of both:
 *
 * - flat: latency did not follow, throughput did. There is no queue, the backend is as slow as it
 *   looks; the base moves up to the latency and a cut is taken back.
 * - steep: latency followed, throughput did not. There is a queue. Should the latency now lie below the
 *   base, the base was polluted: it moves down, and the next experiment follows at once.
 *
 * When nothing has changed for a while, a quarter is cut to see; as the limit keeps more than a quarter
 * of slack, this costs no throughput unless the backend is small.
 *
 * Sources: the need is the bandwidth-delay product of Cardwell et al., "BBR" (2016), and the limit
 * Netflix's gradient; the judgement by throughput is after Uber's Cinnamon and failsafe-go, which
 * correlate where this experiments. docs/admission.md compares them all.
 */

import { optionChecks } from '../../core/index.ts';
import type { Level } from './level.ts';
import { flatness, levelAfter } from './level.ts';
import type { ConcurrencyLimit, ConcurrencyRule, LimitBounds, LimitSample } from './rule.ts';
import { checkedBounds } from './rule.ts';

/**
 * The limit that finds itself; bounds are 1 and 1000.
 *
 * ```ts
 * import { adaptive, concurrencyLimiter } from 'tenfold/admission';
 *
 * const limiter = concurrencyLimiter({ limit: adaptive({ initial: 50, max: 400 }) });
 * ```
 *
 * @throws OptionError when a bound is out of its range
 */
export function adaptive(options: LimitBounds = {}): ConcurrencyLimit {
  optionChecks('adaptive').known(options, ['initial', 'min', 'max']);
  const bounds = checkedBounds('adaptive', options, { min: 1, max: 1000, initial: 20 });
  return {
    kind: 'adaptive',
    window: { minMs: 200, maxMs: 30_000, minCalls: 30, maxNoise: 0.1 },
    rule: () => new AdaptiveRule(bounds),
  };
}

/** Calls let in beyond the need, as multiples of its root: Poisson arrivals vary by one. */
const HEADROOM_ROOTS = 2;
/** The limit is full all the time when on average this share of it is in flight. */
const FULL_RATIO = 0.85;
/** More time-outs than this share of the calls shrink the limit whatever the latency says. */
const DROPPED_RATIO = 0.1;
/** A change of concurrency worth judging, in logarithms. */
const JUDGED_CHANGE = 0.2;
/** Full windows without a judgement until a quarter is cut to see; sooner after a jump of latency. */
const WINDOWS_PER_PROBE = 25;
const WINDOWS_AFTER_JUMP = 5;
const PROBE_RATIO = 0.75;
/** A level is averaged over so many windows before it is probed. */
const PROBED_WINDOWS = 3;
/** A smaller limit is approached; one below this share of the limit is jumped to, at most so far. */
const JUMP_RATIO = 0.8;
const DEEPEST_JUMP_RATIO = 0.3;

class AdaptiveRule implements ConcurrencyRule {
  limit: number;
  private readonly bounds: Required<LimitBounds>;
  /** Latency without a queue. */
  private baseMs = Infinity;
  /** The greatest need of late; fades by 2 % a window. */
  private greatestNeed = 0;
  private level: Level | undefined = undefined;
  /** What the next judgement compares with. */
  private reference: Level | undefined = undefined;
  private isSettling = false;
  private isProbing = false;
  private windowsToProbe = WINDOWS_PER_PROBE;

  constructor(bounds: Required<LimitBounds>) {
    this.bounds = bounds;
    this.limit = bounds.initial;
  }

  update(sample: LimitSample): void {
    if (this.isSettling) {
      this.isSettling = false;
      return;
    }
    const level = this.nextLevel(sample);
    const isFull = sample.isBinding && sample.meanInFlight > FULL_RATIO * this.limit;
    if (isFull) this.judge(level);
    this.learnBase(level, sample, isFull);
    const need = sample.meanInFlight * Math.min(1, this.baseMs / level.rttMs);
    this.greatestNeed = Math.max(need, this.greatestNeed * 0.98);
    if (!isFull) {
      this.reference = undefined;
      this.isProbing = false;
    }
    if (isFull) this.follow(level, need);
    else if (sample.isBinding) this.grow();
    if (sample.dropped > DROPPED_RATIO * sample.count)
      this.limit = Math.min(this.limit, 0.9 * level.limit);
    this.limit = this.bounded(this.limit);
  }

  private nextLevel(sample: LimitSample): Level {
    const level = levelAfter(this.level, sample, this.limit);
    if (!level.isSteady && level.windows === 1) {
      this.reference = undefined;
      this.hurryProbe();
    }
    return (this.level = level);
  }

  /** Lower latencies count at once when they are surely lower, higher ones only without a full limit. */
  private learnBase(level: Level, sample: LimitSample, isFull: boolean): void {
    const { rttMs, noise } = level;
    if (this.baseMs === Infinity) this.baseMs = rttMs;
    const isWithinNoise = Math.abs(rttMs / this.baseMs - 1) < 2 * noise;
    const isIdle = sample.inFlight * 2 <= this.limit && !sample.isBinding;
    if (rttMs < this.baseMs) this.moveBase(rttMs, isWithinNoise ? 0.1 : 0.5);
    else if (!isFull && (isWithinNoise || isIdle)) this.moveBase(rttMs, 0.06);
  }

  private moveBase(to: number, weight: number): void {
    this.baseMs += weight * (to - this.baseMs);
  }

  /** Bursts fill the limit now and then: more room, as long as it is not far beyond the need. */
  private grow(): void {
    const cap = 2 * this.greatestNeed + 4;
    if (this.limit < cap) this.limit = Math.min(cap, this.limit + Math.sqrt(this.limit));
  }

  /** The limit is full: moves it towards the need and what bursts take on top. */
  private follow(level: Level, need: number): void {
    if (level.isSteady) this.reference ??= level;
    if (this.isProbing) return;
    this.windowsToProbe--;
    const wanted = need + HEADROOM_ROOTS * Math.sqrt(need) + 1;
    if (wanted < this.limit * JUMP_RATIO) {
      if (this.reference === undefined) this.hurryProbe();
      this.jump(Math.max(wanted, this.limit * DEEPEST_JUMP_RATIO));
    } else if (this.windowsToProbe <= 0 && level.windows >= PROBED_WINDOWS) {
      this.windowsToProbe = WINDOWS_PER_PROBE;
      this.isProbing = true;
      this.reference = level;
      this.jump(this.limit * PROBE_RATIO);
    } else if (wanted > this.limit && need > level.inFlight * (1 - level.noise)) {
      this.limit = Math.max(wanted, this.limit * 1.3); // no queue at all: look for one
    } else {
      this.limit += 0.5 * (wanted - this.limit);
    }
  }

  /** Compares with the reference once concurrency has changed enough. */
  private judge(level: Level): void {
    const { reference, isProbing } = this;
    if (reference === undefined || !level.isSteady) return;
    if (isProbing && level.windows < 2) return;
    this.isProbing = false;
    if (Math.abs(Math.log(level.inFlight / reference.inFlight)) < JUDGED_CHANGE) return;
    this.reference = undefined;
    const flat = flatness(reference, level);
    const hasGrown = level.inFlight > reference.inFlight;
    if (flat > 0) {
      const freeMs = hasGrown ? reference.rttMs : level.rttMs;
      if (freeMs > this.baseMs) this.moveBase(freeMs, flat);
      if (hasGrown) this.limit *= 1 + 0.5 * flat;
      else this.limit = Math.max(this.limit, reference.limit);
    } else if (isProbing && level.rttMs < this.baseMs) {
      this.baseMs = level.rttMs;
      this.windowsToProbe = 0;
    }
  }

  /** Changes the limit at once; the window after shows calls from before, and is not looked at. */
  private jump(to: number): void {
    this.limit = to;
    this.isSettling = true;
    this.level = undefined;
  }

  private hurryProbe(): void {
    this.windowsToProbe = Math.min(this.windowsToProbe, WINDOWS_AFTER_JUMP);
  }

  private bounded(limit: number): number {
    return Math.max(this.bounds.min, Math.min(this.bounds.max, limit));
  }
}
