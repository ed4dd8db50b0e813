/**
 * Active health: each endpoint is asked in turns of its own how it is; a change counts only when several
 * answers in a row agree.
 *
 * Source: Envoy, health checking.
 */

import type { Alarm, OptionChecks, Random, Runtime } from '../core/index.ts';
import { optionChecks } from '../core/index.ts';
import type { EndpointRecord } from './endpoint-record.ts';
import type { Endpoint, EndpointReport } from './endpoint.ts';

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
  /** The interval is moved by a random part of itself, up to this ratio, 0–1, so that checks spread. @default 0.2 */
  readonly jitterRatio?: number;
  /** What a newcomer is until its first answer: `unchecked` gets no calls. @default 'healthy' */
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
  return quorumOf(Math.max(1, checks.length), ...checks);
}

/** Well when one check says so. */
export function anyOf<T>(...checks: readonly HealthCheck<T>[]): HealthCheck<T> {
  return quorumOf(1, ...checks);
}

/**
 * Well when `quorum` checks or more say so; degraded when one of these says that. All are asked at
 * once. It answers as soon as the quorum is there or out of reach.
 *
 * @throws OptionError for a quorum that is not 1 to the number of checks
 */
export function quorumOf<T>(quorum: number, ...checks: readonly HealthCheck<T>[]): HealthCheck<T> {
  const check = optionChecks('quorumOf');
  check.number('quorum', quorum, { min: 1, max: Math.max(1, checks.length), integer: true });
  checks.forEach((one, at) => check.callable(`checks[${at}]`, one));
  return (target, context) =>
    new Promise((resolve) => {
      let good = 0;
      let bad = 0;
      let degraded = false;
      const judge = (answer: HealthAnswer | 'bad'): void => {
        if (answer === 'bad' || !isGood(answer)) bad++;
        else {
          good++;
          degraded ||= isDegraded(answer);
        }
        if (good >= quorum) resolve({ ok: true, degraded });
        else if (bad > checks.length - quorum) resolve(false);
      };
      for (const check of checks) {
        answerOf(() => check(target, context)).then(judge, () => judge('bad'));
      }
    });
}

async function answerOf(
  ask: () => HealthAnswer | PromiseLike<HealthAnswer>,
): Promise<HealthAnswer> {
  return ask();
}

function isGood(answer: HealthAnswer): boolean {
  return typeof answer === 'object' ? answer.ok : answer !== false;
}

function isDegraded(answer: HealthAnswer): boolean {
  return typeof answer === 'object' && answer.degraded === true;
}

/** Who is told. */
export interface HealthHost<T> {
  readonly runtime: Runtime;
  readonly name: string;
  /** What an endpoint is has changed. */
  changed(record: EndpointRecord<T>, health: EndpointRecord<T>['health'], reason: string): void;
  /** A good answer came, with what it says besides. */
  answered(record: EndpointRecord<T>, report: EndpointReport | undefined): void;
}

/** Asks one endpoint until it is stopped. */
export class HealthChecker<T> implements Alarm {
  alarmId = -1;
  readonly background = true;
  private readonly record: EndpointRecord<T>;
  private readonly rules: HealthRules<T>;
  private readonly host: HealthHost<T>;
  private readonly random: Random;
  private good = 0;
  private bad = 0;
  private isStopped = false;

  constructor(
    record: EndpointRecord<T>,
    rules: HealthRules<T>,
    host: HealthHost<T>,
    random: Random,
  ) {
    this.record = record;
    this.rules = rules;
    this.host = host;
    this.random = random;
    // The first checks of all endpoints spread over one interval, unless their answers are waited for.
    const isAwaited = rules.initially === 'unchecked';
    host.runtime.arm(this, isAwaited ? 0 : rules.intervalMs * random());
  }

  ring(now: number): void {
    const { intervalMs, jitterRatio } = this.rules;
    const next = now + intervalMs * (1 + jitterRatio * (this.random() - 0.5));
    void this.ask(next);
  }

  stop(): void {
    this.isStopped = true;
    this.host.runtime.disarm(this);
  }

  private async ask(next: number): Promise<void> {
    const { runtime } = this.host;
    const { check, timeoutMs } = this.rules;
    const { endpoint } = this.record as EndpointRecord<T> & { endpoint: Endpoint<T> };
    const signal = runtime.timeoutSignal(timeoutMs);
    const context = { signal, id: endpoint.id };
    let answer: HealthAnswer | 'bad' = 'bad';
    let reason = 'a check says it is not well';
    try {
      answer = await Promise.race([answerOf(() => check(endpoint.target, context)), late(signal)]);
    } catch (error) {
      reason = `a check failed: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (this.isStopped) return;
    // Never two checks of one endpoint at once.
    runtime.armAt(this, Math.max(next, runtime.now()));
    if (answer === 'bad' || !isGood(answer)) this.failed(reason);
    else this.succeeded(answer);
  }

  private succeeded(answer: HealthAnswer): void {
    const { record, rules, host } = this;
    this.bad = 0;
    this.good++;
    const health = isDegraded(answer) ? 'degraded' : 'healthy';
    const isBack = record.health !== 'unhealthy' || this.good >= rules.healthyAfter;
    if (isBack && record.health !== health) host.changed(record, health, 'checks say so');
    host.answered(record, typeof answer === 'object' ? answer : undefined);
  }

  private failed(reason: string): void {
    const { record, rules, host } = this;
    this.good = 0;
    this.bad++;
    const isFirst = record.health === 'unknown';
    if (record.health === 'unhealthy') return;
    if (isFirst || this.bad >= rules.unhealthyAfter) host.changed(record, 'unhealthy', reason);
  }
}

function late(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
