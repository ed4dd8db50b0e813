/**
 * The permits of one key that a process has leased: those its calls occupy, those free for the next
 * call, and those it has just asked for.
 */

import type { Alarm } from '../../core/index.ts';

/** Free permits, to be handed on until their time is up. */
interface Spare {
  readonly units: number;
  readonly until: number;
}

export class KeyPermits {
  inFlight = 0;
  /** Free permits. */
  spare = 0;
  /** What those who wait and those who only try would occupy. */
  wanted = 0;
  /** Permits in the step under way. */
  asked = 0;
  /** The step under way. */
  flight: Promise<boolean> | undefined = undefined;
  /** True while the store may have other numbers: an answer was lost, or it was down. */
  isUnsure = false;
  /** Asks again for those who wait. */
  readonly poll: Alarm;
  /** Gives back what has been free for too long. */
  readonly sweep: Alarm;
  /** In order of time. */
  private readonly spares: Spare[] = [];

  constructor(poll: () => void, sweep: (now: number) => void) {
    this.poll = { alarmId: -1, ring: poll };
    this.sweep = { alarmId: -1, ring: sweep, background: true };
  }

  /** All that the store should count as ours. */
  get held(): number {
    return this.inFlight + this.spare;
  }

  /** When the first of the free ones is to go back; Infinity for none. */
  get sweepAt(): number {
    return this.spares[0]?.until ?? Infinity;
  }

  get isIdle(): boolean {
    const { held, wanted, flight, isUnsure } = this;
    return held === 0 && wanted === 0 && flight === undefined && !isUnsure;
  }

  /** Keeps free permits for the next call. */
  keep(units: number, until: number): void {
    let at = this.spares.length;
    while (at > 0 && (this.spares[at - 1] as Spare).until > until) at--;
    this.spares.splice(at, 0, { units, until });
    this.spare += units;
  }

  /**
   * Occupies permits, the freshest first.
   *
   * @returns until when they may be handed on; -Infinity where some were never leased
   */
  occupy(units: number): number {
    this.inFlight += units;
    let missing = units;
    let until = Infinity;
    while (missing > 0) {
      const last = this.spares.pop();
      if (last === undefined) return -Infinity;
      const used = Math.min(missing, last.units);
      if (used < last.units) this.spares.push({ units: last.units - used, until: last.until });
      this.spare -= used;
      missing -= used;
      until = Math.min(until, last.until);
    }
    return until;
  }

  /** Takes out the free permits whose time is up, and says how many they were. */
  expire(now: number): number {
    let units = 0;
    while (this.spares.length > 0 && this.sweepAt <= now) {
      units += (this.spares.shift() as Spare).units;
    }
    this.spare -= units;
    return units;
  }
}
