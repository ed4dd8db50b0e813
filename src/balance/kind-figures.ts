/** What was learned of each endpoint in each class of work. */

import { blended } from './decaying.ts';
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
    const elapsed = now - known.at;
    const sample = failed ? Math.max(latencyMs, known.latencyMs) : latencyMs;
    known.latencyMs = blended(known.latencyMs, sample, elapsed, this.memoryMs);
    known.errorRatio = blended(known.errorRatio, error, elapsed, this.memoryMs);
    if (quality !== undefined) {
      known.quality = Number.isNaN(known.quality)
        ? quality
        : blended(known.quality, quality, elapsed, this.memoryMs);
    }
    known.calls++;
    known.at = now;
  }

  forget(slot: number): void {
    for (const slots of this.kinds.values()) slots[slot] = undefined;
  }
}
