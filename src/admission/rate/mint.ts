/**
 * The mint: a clock that counts tokens instead of milliseconds.
 *
 * `minted(now)` is how many tokens a bucket has been given since the beginning. A bucket is then one
 * number, the count at which all it has spent will be paid for (GCRA's theoretical arrival time, in
 * tokens instead of time). All keys of a limiter share one mint, so a new rate needs no pass over the
 * keys. Spending adds whole costs to that number and never multiplies an interval, so nothing drifts
 * however many operations there are and however odd the rate is.
 */

export class Mint {
  /** Tokens per millisecond; finite. */
  perMs: number;
  /** Tokens minted at `epoch`. */
  private base = 0;
  private epoch: number;

  constructor(perMs: number, now: number) {
    this.perMs = perMs;
    this.epoch = now;
  }

  /** Tokens minted by `now`, which may be any time, past or future. */
  minted(now: number): number {
    return this.base + (now - this.epoch) * this.perMs;
  }

  /** Goes on at another rate from `now`. */
  retune(perMs: number, now: number): void {
    this.base = this.minted(now);
    this.epoch = now;
    this.perMs = perMs;
  }

  /** Takes `tokens` off the count, for rows that do the same; large counts lose fractions. */
  rebase(tokens: number): void {
    this.base -= tokens;
  }
}
