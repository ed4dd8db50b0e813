/** What was learned of each endpoint in each class of work. */

import { sampleWeight } from './decaying.ts';
import type { CallEnd, LearnedOfKind } from './policy.ts';

/** Classes of work remembered; more than that, and the class is no class. */
const MOST_KINDS = 256;

interface Figures extends LearnedOfKind {
  latencyMs: number;
  errorRatio: number;
  quality: number;
  calls: number;
  at: number;
}

export class KindFigures {
  private readonly memoryMs: number;
  /** By kind, then by slot. */
  private readonly kinds = new Map<string, (Figures | undefined)[]>();

  constructor(memoryMs: number) {
    this.memoryMs = memoryMs;
  }

  of(slot: number, kind: string): LearnedOfKind | undefined {
    return this.kinds.get(kind)?.[slot];
  }

  learn(slot: number, kind: string, end: CallEnd, quality: number | undefined): void {
    let slots = this.kinds.get(kind);
    if (slots === undefined) {
      if (this.kinds.size >= MOST_KINDS) return;
      this.kinds.set(kind, (slots = []));
    }
    const { failed, latencyMs, now } = end;
    const known = slots[slot];
    const error = failed ? 1 : 0;
    if (known === undefined) {
      slots[slot] = { latencyMs, errorRatio: error, quality: quality ?? NaN, calls: 1, at: now };
      return;
    }
    const weight = sampleWeight(now - known.at, this.memoryMs);
    const sample = failed ? Math.max(latencyMs, known.latencyMs) : latencyMs;
    known.latencyMs += weight * (sample - known.latencyMs);
    known.errorRatio += weight * (error - known.errorRatio);
    if (quality !== undefined) {
      known.quality = Number.isNaN(known.quality)
        ? quality
        : known.quality + weight * (quality - known.quality);
    }
    known.calls++;
    known.at = now;
  }

  forget(slot: number): void {
    for (const slots of this.kinds.values()) slots[slot] = undefined;
  }
}
