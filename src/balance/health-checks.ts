/**
 * Active health: each endpoint is asked in turns of its own how it is; a change counts only when several
 * answers in a row agree.
 *
 * Source: Envoy, health checking.
 */

import type { OptionChecks } from '../core/index.ts';
import { optionChecks } from '../core/index.ts';
import type { EndpointReport } from './endpoint.ts';

/**
 * How an endpoint is: `true`, nothing at all or `{ ok: true }` is well; `false` or `{ ok: false }` is
 * not (a `Response` of fetch will do). `degraded` asks to be used last; what else it says is taken as
 * its report.
 */
export type HealthAnswer =
  | boolean
  | undefined
  | void
  | (EndpointReport & { readonly ok: boolean; readonly degraded?: boolean });

/** Asks an endpoint; a throw is "not well". `signal` aborts when the answer comes too late. */
export type HealthCheck<T> = (
  target: T,
  context: { readonly signal: AbortSignal; readonly id: string },
) => HealthAnswer | PromiseLike<HealthAnswer>;

export interface HealthOptions<T> {
  /** Asks an endpoint; several checks are made one by `allOf`, `anyOf` or `quorumOf`. */
  readonly check: HealthCheck<T>;
  /** From the beginning of one check of an endpoint to the next, ms. @default 5_000 */
  readonly intervalMs?: number;
  /** No answer within so many ms is "not well". @default 1_000 */
  readonly timeoutMs?: number;
  /** Bad answers in a row until an endpoint is unhealthy, 1 or more. @default 3 */
  readonly unhealthyAfter?: number;
  /** Good answers in a row until it is healthy again, 1 or more. @default 2 */
  readonly healthyAfter?: number;
  /** How much the interval varies at random, so that checks spread: a part of itself, 0–1, half of it either way. @default 0.2 */
  readonly jitterRatio?: number;
  /** What a newcomer is until its first answer: `unchecked` gets no calls, unless nobody is well. @default 'healthy' */
  readonly initially?: 'healthy' | 'unchecked';
  /** Whether a good answer ends an ejection. @default true */
  readonly unejects?: boolean;
}

export type HealthRules<T> = Required<HealthOptions<T>>;

/** Checks the options and fills them in. */
export function healthRules<T>(check: OptionChecks, options: HealthOptions<T>): HealthRules<T> {
  optionChecks('balancer.health').known(options, [
    ...(['check', 'intervalMs', 'timeoutMs', 'unhealthyAfter', 'healthyAfter'] as const),
    ...(['jitterRatio', 'initially', 'unejects'] as const),
  ]);
  const path = (name: keyof HealthOptions<T>): string => `health.${name}`;
  const { initially = 'healthy', unejects = true } = options;
  return {
    check: check.callable(path('check'), options.check),
    intervalMs: check.positive(path('intervalMs'), options.intervalMs ?? 5_000),
    timeoutMs: check.positive(path('timeoutMs'), options.timeoutMs ?? 1_000),
    unhealthyAfter: check.count(path('unhealthyAfter'), options.unhealthyAfter ?? 3),
    healthyAfter: check.count(path('healthyAfter'), options.healthyAfter ?? 2),
    jitterRatio: check.ratio(path('jitterRatio'), options.jitterRatio ?? 0.2),
    initially: check.oneOf(path('initially'), initially, ['healthy', 'unchecked']),
    unejects,
  };
}

/** Well only when all checks say so. */
export function allOf<T>(...checks: readonly HealthCheck<T>[]): HealthCheck<T> {
  return quorumOf(checks.length, ...checks);
}

/** Well when one check says so. */
export function anyOf<T>(...checks: readonly HealthCheck<T>[]): HealthCheck<T> {
  return quorumOf(1, ...checks);
}

/**
 * Well when `quorum` checks or more say so; degraded when one of these says that. All are asked at
 * once. It answers as soon as the quorum is there or out of reach, with what the good ones report.
 *
 * @throws OptionError for no checks, and for a quorum that is not 1 to the number of checks
 */
export function quorumOf<T>(quorum: number, ...checks: readonly HealthCheck<T>[]): HealthCheck<T> {
  const check = optionChecks('quorumOf');
  if (checks.length === 0) check.refuse('checks', 'one check or more', checks);
  check.number('quorum', quorum, { min: 1, max: checks.length, integer: true });
  checks.forEach((one, at) => check.callable(`checks[${at}]`, one));
  return (target, context) =>
    new Promise((resolve) => {
      const good: HealthAnswer[] = [];
      let bad = 0;
      const judge = (answer: HealthAnswer | 'bad'): void => {
        if (answer === 'bad' || !isGood(answer)) bad++;
        else good.push(answer);
        if (good.length >= quorum) resolve(summary(good));
        else if (bad > checks.length - quorum) resolve(false);
      };
      for (const check of checks) {
        answerOf(() => check(target, context)).then(judge, () => judge('bad'));
      }
    });
}

/** One answer for several good ones; where two report the same figure, the later one counts. */
function summary(good: readonly HealthAnswer[]): HealthAnswer {
  const report = good.map(reportIn).reduce((all, one) => ({ ...all, ...one }), {});
  return { ok: true, degraded: good.some(isDegraded), ...report };
}

/** A check's answer as a promise, also where it throws at once. */
export async function answerOf(
  ask: () => HealthAnswer | PromiseLike<HealthAnswer>,
): Promise<HealthAnswer> {
  return ask();
}

/** What is neither said to be well nor silence is not well: `null`, 0, a status in words. */
export function isGood(answer: unknown): boolean {
  if (typeof answer === 'object') return (answer as { readonly ok?: unknown } | null)?.ok === true;
  return answer === undefined || answer === true;
}

export function isDegraded(answer: HealthAnswer): boolean {
  return typeof answer === 'object' && answer.degraded === true;
}

/** What a good answer reports besides. */
export function reportIn(answer: HealthAnswer): EndpointReport {
  if (typeof answer !== 'object') return {};
  const { capacity, utilisation, quality } = answer;
  return {
    ...(capacity !== undefined && { capacity }),
    ...(utilisation !== undefined && { utilisation }),
    ...(quality !== undefined && { quality }),
  };
}
