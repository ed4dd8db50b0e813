/** Asks endpoints how they are, each in turns of its own. */

import type { Alarm, Random, Runtime } from '../core/index.ts';
import type { EndpointRecord } from './endpoint-record.ts';
import type { HealthAnswer, HealthRules } from './health-checks.ts';
import { answerOf, isDegraded, isGood, reportIn } from './health-checks.ts';
import type { EndpointReport } from './endpoint.ts';

/** Who is told. */
export interface HealthHost<T> {
  readonly runtime: Runtime;
  readonly name: string;
  /** What an endpoint is has changed. */
  changed(record: EndpointRecord<T>, health: EndpointRecord<T>['health'], reason: string): void;
  /** A good answer came, with what it says besides. */
  answered(record: EndpointRecord<T>, report: EndpointReport): void;
}

/** The checks of all endpoints that are in use. */
export class HealthChecks<T> {
  private readonly rules: HealthRules<T>;
  private readonly host: HealthHost<T>;
  private readonly random: Random;
  private readonly checkers = new Map<EndpointRecord<T>, HealthChecker<T>>();
  private isClosed = false;

  constructor(rules: HealthRules<T>, host: HealthHost<T>) {
    this.rules = rules;
    this.host = host;
    this.random = host.runtime.random(`${host.name} checks`);
  }

  /** Asks an endpoint from now on, if it is in use, and not otherwise. */
  attend(record: EndpointRecord<T>): void {
    if (!record.isInside) return this.stop(record);
    if (this.isClosed || this.checkers.has(record)) return;
    if (this.rules.initially === 'unchecked') record.health = 'unknown';
    this.checkers.set(record, new HealthChecker<T>(record, this.rules, this.host, this.random));
  }

  stop(record: EndpointRecord<T>): void {
    this.checkers.get(record)?.stop();
    this.checkers.delete(record);
  }

  close(): void {
    this.isClosed = true;
    for (const record of this.checkers.keys()) this.stop(record);
  }
}

/** Asks one endpoint until it is stopped. */
class HealthChecker<T> implements Alarm {
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
    const { endpoint } = this.record;
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
    host.answered(record, reportIn(answer));
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
