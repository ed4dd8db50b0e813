/**
 * Roll-back: every change is judged by what it did to a figure that matters, and undone when it made
 * things worse.
 *
 * A change is given the start-up time and time to settle, then the figure's mean is compared with that
 * before. Shrinking that hurt goes back. Growing that hurt goes back only where demand is measured and
 * did not rise: more units can slow a shared database down (beyond the peak of the scalability law),
 * but far more often the figure is worse because there is more to do.
 */

import { optionChecks } from '../../core/index.ts';
import type { Adjustment, Change, Situation, Stage } from '../ports.ts';
import { hasValue } from '../sample.ts';

export interface RollbackOptions {
  /** Metric to judge by, such as a response time; lower is better. */
  readonly metric: string;
  /** Share by which it may be worse; above 0. @default 0.2 */
  readonly worseBy?: number;
  /** Metric of the demand, such as arrivals per second; without it growth is never undone. */
  readonly demand?: string;
  /** Share by which demand may have changed for a verdict; 0 or more. @default 0.1 */
  readonly demandTolerance?: number;
  /** Time to settle after the start-up time, in ms; above 0. @default 60_000 */
  readonly settleMs?: number;
  /** For so long the same step is not tried again, in ms; 0 or more. @default 600_000 */
  readonly holdMs?: number;
}

/** What became of the changes so far. */
export interface Verdicts {
  readonly better: number;
  readonly same: number;
  readonly worse: number;
  /** Demand had changed, another change came in between, or the metric was missing. */
  readonly unknown: number;
}

interface Trial extends Change {
  readonly level: number;
  readonly demand: number | null;
}

/** Plain JSON; `verdicts` is of interest to others. */
export interface RollbackState {
  /** Moving means of the metric and of demand; null while unknown. */
  readonly level: number | null;
  readonly demand: number | null;
  readonly trial: Trial | null;
  /** When the latest change was made that has been looked at. */
  readonly seenAt: number | null;
  /** Not beyond `units` in that direction until then. */
  readonly hold: { readonly units: number; readonly grows: boolean; readonly until: number } | null;
  readonly verdicts: Verdicts;
}

/** Longer than any sensible tick, so that no change goes unseen. */
const LOOK_BACK_MS = 600_000;

const START: RollbackState = {
  level: null,
  demand: null,
  trial: null,
  seenAt: null,
  hold: null,
  verdicts: { better: 0, same: 0, worse: 0, unknown: 0 },
};

/**
 * Makes the stage; put it last.
 *
 * @throws OptionError (`ERR_OPTION`) for an option out of range
 */
export function rollback(options: RollbackOptions): Stage<RollbackState> {
  const check = optionChecks('rollback');
  check.known(options, ['metric', 'worseBy', 'demand', 'demandTolerance', 'settleMs', 'holdMs']);
  const { metric, demand } = options;
  check.text('metric', metric);
  const worseBy = check.positive('worseBy', options.worseBy ?? 0.2);
  const tolerance = check.nonNegative('demandTolerance', options.demandTolerance ?? 0.1);
  const settleMs = check.positive('settleMs', options.settleMs ?? 60_000);
  const holdMs = check.nonNegative('holdMs', options.holdMs ?? 600_000);

  const verdictOn = (trial: Trial, level: number | null, load: number | null): keyof Verdicts => {
    if (level === null) return 'unknown';
    if (level < trial.level * (1 - worseBy)) return 'better';
    if (level <= trial.level * (1 + worseBy)) return 'same';
    if (trial.demand === null || load === null) return trial.to < trial.from ? 'worse' : 'unknown';
    return load > trial.demand * (1 + tolerance) ? 'unknown' : 'worse';
  };

  return {
    name: 'rollback',
    lookBackMs: Math.max(settleMs, LOOK_BACK_MS),
    adjust(desired, situation, state = START): Adjustment<RollbackState> {
      const { now, changes, startUpMs } = situation;
      const begun = withTrial(state, changes.at(-1));
      const level = mean(begun.level, situation, metric, settleMs);
      const load = demand === undefined ? null : mean(begun.demand, situation, demand, settleMs);
      let next: RollbackState = { ...begun, level, demand: load };
      const { trial } = begun;
      const dueAt =
        trial === null ? Infinity : trial.at + settleMs + (trial.to > trial.from ? startUpMs : 0);
      if (trial !== null && now >= dueAt) {
        const verdict = verdictOn(trial, level, load);
        next = { ...next, trial: null, verdicts: counted(next.verdicts, verdict) };
        if (verdict === 'worse') {
          const hold = { units: trial.from, grows: trial.to > trial.from, until: now + holdMs };
          const why = `${trial.from} to ${trial.to} made ${metric} worse`;
          // Who wishes for more than what is given back, or less than what is taken back, gets it.
          const back = hold.grows ? Math.min : Math.max;
          return {
            desired: back(desired, trial.from),
            why,
            until: hold.until,
            state: { ...next, hold },
          };
        }
      }
      return held(desired, now, next);
    },
  };
}

/** Follows the latest change; one that is still on trial is then beyond judgement. */
function withTrial(state: RollbackState, last: Change | undefined): RollbackState {
  const { trial, level, demand, hold, verdicts, seenAt } = state;
  if (last === undefined || (seenAt !== null && last.at <= seenAt)) return state;
  const seen = { ...state, seenAt: last.at };
  // What was rolled back is no experiment.
  if (level === null || hold?.units === last.to) return seen;
  const judged = trial === null ? verdicts : counted(verdicts, 'unknown');
  return { ...seen, verdicts: judged, trial: { ...last, level, demand } };
}

function held(desired: number, now: number, state: RollbackState): Adjustment<RollbackState> {
  const { hold } = state;
  if (hold === null) return { desired, state };
  if (now >= hold.until) return { desired, state: { ...state, hold: null } };
  const beyond = hold.grows ? desired > hold.units : desired < hold.units;
  if (!beyond) return { desired, state };
  return { desired: hold.units, why: 'was tried and made things worse', until: hold.until, state };
}

function counted(verdicts: Verdicts, verdict: keyof Verdicts): Verdicts {
  return { ...verdicts, [verdict]: verdicts[verdict] + 1 };
}

/** A moving mean over about a third of the time to settle; a missing sample changes nothing. */
function mean(
  before: number | null,
  situation: Situation,
  metric: string,
  settleMs: number,
): number | null {
  const sample = situation.sample(metric);
  if (!hasValue(sample)) return before;
  if (before === null) return sample.value;
  const share = 1 - Math.exp((-3 * situation.tickMs) / settleMs);
  return before + share * (sample.value - before);
}
