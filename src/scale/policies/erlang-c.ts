/**
 * Erlang-C: as few units as keep a share of calls from waiting longer than they may.
 *
 * Where target tracking asks for a fixed utilisation, this asks for a wait: a large fleet may run
 * hotter than a small one at the same wait (square-root staffing), which saves units at the top and
 * calls at the bottom.
 */

import { optionChecks } from '../../core/index.ts';
import { serversNeeded } from '../../model/index.ts';
import { show } from '../decision.ts';
import type { Proposal, ScalingPolicy } from '../ports.ts';
import { hasValue } from '../sample.ts';
import { noOpinion } from './target-tracking.ts';

export interface ErlangCOptions {
  /** Metric: calls that arrive per second. */
  readonly arrivals: string;
  /** Mean time a slot takes for a call, in ms, or the metric that says so. Above 0. */
  readonly serviceMs: number | string;
  /** Calls one unit works on at a time; whole number. @default 1 */
  readonly slots?: number;
  /** How long a call may wait for a slot, in ms; 0 or more. */
  readonly waitMs: number;
  /** Share of calls that wait no longer; 0 to below 1. @default 0.95 */
  readonly share?: number;
  /** Squared coefficient of variation of the times between arrivals; 1 is Poisson. @default 1 */
  readonly arrivalScv?: number;
  /** The same of service times. @default 1 */
  readonly serviceScv?: number;
}

/**
 * Makes the policy. A decision costs time in proportion to the slots it asks for: 1,000 take 4 µs.
 *
 * @throws OptionError (`ERR_OPTION`) for an option out of range
 */
export function erlangC(options: ErlangCOptions): ScalingPolicy {
  const check = optionChecks('erlangC');
  check.known(options, [
    'arrivals',
    'serviceMs',
    'slots',
    'waitMs',
    'share',
    'arrivalScv',
    'serviceScv',
  ]);
  const { arrivals, serviceMs } = options;
  check.text('arrivals', arrivals);
  if (typeof serviceMs !== 'string') check.positive('serviceMs', serviceMs);
  const slots = check.count('slots', options.slots ?? 1);
  const waitMs = check.nonNegative('waitMs', options.waitMs);
  const share = check.number('share', options.share ?? 0.95, { min: 0, max: 1 - Number.EPSILON });
  const arrivalScv = check.nonNegative('arrivalScv', options.arrivalScv ?? 1);
  const serviceScv = check.nonNegative('serviceScv', options.serviceScv ?? 1);

  return {
    propose(situation): Proposal {
      const rate = situation.sample(arrivals);
      if (!hasValue(rate)) return noOpinion(arrivals, rate.quality);
      const service = typeof serviceMs === 'string' ? situation.sample(serviceMs) : undefined;
      if (service !== undefined && !(hasValue(service) && service.value > 0)) {
        return noOpinion(serviceMs as string, service.quality);
      }
      const serviceTime = service?.value ?? (serviceMs as number);
      const servers = serversNeeded({
        arrivalRate: Math.max(0, rate.value) / 1000,
        serviceTime,
        maxWait: waitMs,
        share,
        arrivalScv,
        serviceScv,
        maxServers: situation.bounds.max * slots,
      });
      return {
        desired: Math.min(situation.bounds.max, Math.ceil(servers / slots)),
        why: `${show(rate.value)}/s of ${show(serviceTime)} ms: ${servers} slots keep ${show(share * 100)} % within ${waitMs} ms`,
        holdsIn: rate.quality !== 'fresh' || (service !== undefined && service.quality !== 'fresh'),
      };
    },
  };
}
