/**
 * Schedules: units for known hours, by cron with a time zone.
 */

import { optionChecks } from '../../core/index.ts';
import type { OptionChecks } from '../../core/index.ts';
import { requireObjects } from '../plug-ins.ts';
import type { Adjustment, Bounds, Proposal, ScalingPolicy, Stage } from '../ports.ts';
import type { CalendarWindow, CalendarWindowOptions } from './cron.ts';
import { calendarWindow } from './cron.ts';

/** A window and the units wanted in it. */
export interface ScheduledUnits extends CalendarWindowOptions {
  /** Whole number of 0 or more. */
  readonly units: number;
}

export interface ScheduleOptions {
  /** The windows; the largest of those that are open counts. At least one. */
  readonly windows: readonly ScheduledUnits[];
  /** Opens every window so much earlier, for units that take time to start; in ms, 0 or more. @default 0 */
  readonly leadMs?: number;
}

/**
 * Makes a policy that asks for a window's units while it is open, and has no opinion otherwise. Beside
 * other policies it is a floor.
 *
 * @throws OptionError (`ERR_OPTION`) for cron nonsense, an unknown time zone, a date that never comes
 */
export function schedule(options: ScheduleOptions): ScalingPolicy {
  const check = optionChecks('schedule');
  check.known(options, ['windows', 'leadMs']);
  const leadMs = check.nonNegative('leadMs', options.leadMs ?? 0);
  const windows = checkWindows(check, options.windows, (window, path) => {
    check.known(window, [...WINDOW, 'units']);
    const { units } = window;
    check.number(`${path}.units`, units, { min: 0, integer: true });
  });
  return {
    propose({ wallTimeMs }): Proposal {
      const open = windows.filter(
        ({ window }) => window.isOpen(wallTimeMs) || window.isOpen(wallTimeMs + leadMs),
      );
      if (open.length === 0)
        return { desired: undefined, why: 'no window is open', holdsIn: false };
      const units = Math.max(...open.map(({ options: { units } }) => units));
      const starts = open.map(({ options: { start } }) => start).join(', ');
      return { desired: units, why: `open since ${starts}` };
    },
  };
}

/** A window and the bounds that hold in it. */
export interface ScheduledBounds extends CalendarWindowOptions, Partial<Bounds> {}

/**
 * Makes a stage that keeps the fleet within a window's bounds while it is open: a floor before the
 * morning rush, a ceiling at night. They narrow the engine's own bounds.
 *
 * @throws OptionError (`ERR_OPTION`) as {@link schedule} does
 */
export function scheduledBounds(windows: readonly ScheduledBounds[]): Stage {
  const check = optionChecks('scheduledBounds');
  const checked = checkWindows(check, windows, (window, path) => {
    check.known(window, [...WINDOW, 'min', 'max']);
    const { min, max } = window;
    if (min !== undefined) check.number(`${path}.min`, min, { min: 0, integer: true });
    if (max !== undefined) check.number(`${path}.max`, max, { min: min ?? 0, integer: true });
  });
  return {
    name: 'scheduledBounds',
    adjust(desired, { wallTimeMs, now }): Adjustment {
      const open = checked.filter(({ window }) => window.isOpen(wallTimeMs));
      const min = Math.max(0, ...open.map(({ options }) => options.min ?? 0));
      const max = Math.min(...open.map(({ options }) => options.max ?? Infinity));
      const bounded = Math.max(min, Math.min(max, desired));
      if (bounded === desired) return { desired };
      const change = Math.min(...open.map(({ window }) => window.changesAt(wallTimeMs)));
      const why = bounded === min ? `at least ${min} at this hour` : `at most ${max} at this hour`;
      return { desired: bounded, why, until: now + change - wallTimeMs };
    },
  };
}

const WINDOW = ['start', 'end', 'durationMs', 'timeZone'] as const;

function checkWindows<W extends CalendarWindowOptions>(
  check: OptionChecks,
  windows: readonly W[],
  checkRest: (window: W, path: string) => void,
): readonly { readonly options: W; readonly window: CalendarWindow }[] {
  requireObjects(check, 'windows', windows);
  if (windows.length === 0) check.refuse('windows', 'at least one window', windows);
  return windows.map((options, i) => {
    checkRest(options, `windows[${i}]`);
    return { options, window: calendarWindow(options, check, `windows[${i}]`) };
  });
}
