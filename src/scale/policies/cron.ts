/**
 * Calendar windows: a cron expression opens them, another or a duration closes them.
 *
 * The only file that knows the cron library. An answer costs it some 300 µs, far more than a decision
 * may, so a window remembers until when its last answer holds.
 */

import { Cron } from 'croner';
import type { OptionChecks } from '../../core/index.ts';

export interface CalendarWindowOptions {
  /** Opens the window: five-field cron. A start is part of the window. */
  readonly start: string;
  /** Closes it: five-field cron; not part of the window. Give this or `durationMs`. */
  readonly end?: string;
  /** Length in ms; above 0. */
  readonly durationMs?: number;
  /** IANA name, such as `Europe/Berlin`. @default 'UTC' */
  readonly timeZone?: string;
}

export interface CalendarWindow {
  /** Whether the window is open at a date, in epoch ms. */
  isOpen(wallTimeMs: number): boolean;
  /** When that next changes; Infinity when it never does. */
  changesAt(wallTimeMs: number): number;
}

/**
 * Makes a window.
 *
 * @throws OptionError (`ERR_OPTION`) for an expression that is no cron or never comes, for an unknown
 *   time zone, or when not exactly one of `end` and `durationMs` is given
 */
export function calendarWindow(
  options: CalendarWindowOptions,
  check: OptionChecks,
  path: string,
): CalendarWindow {
  const { start, end, durationMs, timeZone = 'UTC' } = options;
  if ((end === undefined) === (durationMs === undefined)) {
    check.refuse(path, 'an object with exactly one of end and durationMs', options);
  }
  if (durationMs !== undefined) check.positive(`${path}.durationMs`, durationMs);
  const starts = expression(start, timeZone, check, `${path}.start`);
  const ends = end === undefined ? durationMs : expression(end, timeZone, check, `${path}.end`);
  return new RememberedWindow(starts, ends as Cron | number);
}

function expression(pattern: string, timezone: string, check: OptionChecks, path: string): Cron {
  let cron: Cron | undefined;
  try {
    cron = new Cron(pattern, { timezone, mode: '5-part', paused: true });
    // A pattern such as 31 February is sound and never comes.
    if (cron.nextRun(new Date(0)) !== null) return cron;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return check.refuse(path, `five-field cron in a known time zone (${reason})`, pattern);
  }
  return check.refuse(path, 'a date that comes', pattern);
}

/** Half-open spans in which the answer is known. */
class RememberedWindow implements CalendarWindow {
  private readonly starts: Cron;
  private readonly ends: Cron | number;
  private from = Infinity;
  private until = -Infinity;
  private open = false;

  constructor(starts: Cron, ends: Cron | number) {
    this.starts = starts;
    this.ends = ends;
  }

  isOpen(wallTimeMs: number): boolean {
    this.look(wallTimeMs);
    return this.open;
  }

  changesAt(wallTimeMs: number): number {
    this.look(wallTimeMs);
    return this.until;
  }

  private look(at: number): void {
    if (at >= this.from && at < this.until) return;
    const start = last(this.starts, at);
    const end = typeof this.ends === 'number' ? start + this.ends : last(this.ends, at);
    this.open = typeof this.ends === 'number' ? at < end : start > end;
    this.from = at;
    this.until = this.open ? this.closesAfter(at, end) : next(this.starts, at);
  }

  private closesAfter(at: number, end: number): number {
    if (typeof this.ends !== 'number') return next(this.ends, at);
    // A new start before the end prolongs the window; look again then.
    return Math.min(end, next(this.starts, at));
  }
}

/** The last time at or before `at`; -Infinity if there is none. */
function last(cron: Cron, at: number): number {
  return cron.previousRuns(1, new Date(at + 1))[0]?.getTime() ?? -Infinity;
}

/** The first time after `at`; Infinity if there is none. */
function next(cron: Cron, at: number): number {
  return cron.nextRun(new Date(at))?.getTime() ?? Infinity;
}
