/** What a cache counts about itself; never by way of events. */

import type { Recorder, TopK } from '../model/index.ts';
import { recorder, topK } from '../model/index.ts';

const HOT_KEYS = 10;
/** One read in so many is counted, for so many: a hit must stay cheap. */
const SAMPLE = 64;
/** When so many reads were counted the past fades. */
const FADE_AT = 1_000_000;

export class Figures {
  memoryHits = 0;
  memoryMisses = 0;
  stale = 0;
  succeeded = 0;
  failed = 0;
  fenced = 0;
  running = 0;
  readonly loadMs: Recorder = recorder();
  readonly hot: TopK<string> = topK({ k: HOT_KEYS });

  /** Counts a hit in memory, and now and then its key. */
  hit(key: string): void {
    if (++this.memoryHits % SAMPLE === 0) this.heat(key, SAMPLE);
  }

  miss(key: string): void {
    this.memoryMisses++;
    this.heat(key, 1);
  }

  private heat(key: string, times: number): void {
    this.hot.add(key, times);
    if (this.hot.total > FADE_AT) this.hot.halve();
  }
}
