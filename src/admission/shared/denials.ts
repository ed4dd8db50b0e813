/** What the store has refused and until when, so that nobody asks again before that. */

interface Denial {
  readonly until: number;
  readonly units: number;
}

/** Keys remembered at most; beyond, the oldest is asked about again. */
const MOST_KEYS = 10_000;

export class Denials {
  private readonly denied = new Map<string, Denial>();

  /** `units` of `key` were refused for `waitMs`; a wait without end is not remembered. */
  add(key: string, units: number, waitMs: number, now: number): void {
    if (waitMs === Infinity) return;
    this.denied.delete(key);
    this.denied.set(key, { until: now + waitMs, units });
    if (this.denied.size <= MOST_KEYS) return;
    for (const oldest of this.denied.keys()) {
      this.denied.delete(oldest);
      return;
    }
  }

  /** Milliseconds for which as much as `units` is refused; 0 when it may be asked for. */
  waitMs(key: string, units: number, now: number): number {
    const denial = this.denied.get(key);
    if (denial === undefined || units < denial.units) return 0;
    if (denial.until > now) return denial.until - now;
    this.denied.delete(key);
    return 0;
  }

  /** There may be more of `key` than was said. */
  forget(key: string): void {
    this.denied.delete(key);
  }

  /** Anything may be asked for: the limits have changed. */
  clear(): void {
    this.denied.clear();
  }
}
