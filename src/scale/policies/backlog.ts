/**
 * Backlog policies: as many workers as work off what waits.
 */

import { optionChecks } from '../../core/index.ts';
import { show } from '../decision.ts';
import type { Proposal, ScalingPolicy, Situation } from '../ports.ts';
import { hasValue } from '../sample.ts';
import { ceilUnits, noOpinion } from './target-tracking.ts';

export interface BacklogOptions {
  /** Metric: calls that wait. */
  readonly backlog: string;
  /** Metric: calls that arrive per second. Without it, only what waits and runs is counted. */
  readonly arrivals?: string;
  /** Metric: calls that run. Not counted besides `arrivals`, which already accounts for them. */
  readonly running?: string;
  /** Mean time one slot takes for a call, in ms; or the metric that says so. Above 0. */
  readonly serviceMs: number | string;
  /** Calls one unit works on at a time; above 0. @default 1 */
  readonly slots?: number;
  /** Time within which the backlog is to be gone, in ms; above 0. @default 30_000 */
  readonly drainMs?: number;
  /** Share of the time that slots are meant to be busy, above 0 to 1. @default 0.7 */
  readonly utilisation?: number;
}

/**
 * Makes a policy that carries the arriving work and works the backlog off in time:
 * n = ⌈(λ + B ∕ drain) · service ∕ (utilisation · slots)⌉. Without `arrivals`, the running calls stand for
 * the load: n = ⌈(running + B · service ∕ drain) ∕ (utilisation · slots)⌉.
 *
 * @throws OptionError (`ERR_OPTION`) for an option out of range
 */
export function backlog(options: BacklogOptions): ScalingPolicy {
  const check = optionChecks('backlog');
  check.known(options, [
    'backlog',
    'arrivals',
    'running',
    'serviceMs',
    'slots',
    'drainMs',
    'utilisation',
  ]);
  const { backlog: waiting, arrivals, running, serviceMs } = options;
  check.text('backlog', waiting);
  if (typeof serviceMs !== 'string') check.positive('serviceMs', serviceMs);
  const slots = check.positive('slots', options.slots ?? 1);
  const drainMs = check.positive('drainMs', options.drainMs ?? 30_000);
  const utilisation = check.number('utilisation', options.utilisation ?? 0.7, { above: 0, max: 1 });

  return {
    propose(situation: Situation): Proposal {
      const metrics = [waiting, arrivals, running, serviceMs].filter(
        (one) => typeof one === 'string',
      );
      const samples = metrics.map((name) => situation.sample(name));
      const bad = samples.findIndex((sample) => !hasValue(sample));
      if (bad >= 0) return noOpinion(metrics[bad] as string, samples[bad]?.quality as string);
      const value = (name: string): number => Math.max(0, situation.sample(name).value);
      const service = typeof serviceMs === 'string' ? value(serviceMs) : serviceMs;
      const busy =
        arrivals !== undefined
          ? (value(arrivals) / 1000) * service
          : running !== undefined
            ? value(running)
            : 0;
      const drain = (value(waiting) * service) / drainMs;
      return {
        desired: ceilUnits((busy + drain) / (utilisation * slots)),
        why: `${show(busy)} slots busy and ${show(drain)} to drain ${show(value(waiting))} waiting`,
        holdsIn: samples.some((sample) => sample.quality !== 'fresh'),
      };
    },
  };
}
