/**
 * Passive health: endpoints that fail more than the others are left alone for a while, longer each time.
 *
 * Sources: Envoy, outlier detection; gRPC A50; nginx, max_fails. See `outliers.ts` for our test.
 */

import type { OptionChecks, Random } from '../core/index.ts';
import { optionChecks } from '../core/index.ts';
import type { EndpointRecord } from './endpoint-record.ts';
import type { EjectionRounding } from './outliers.ts';
import { ejectionMs, mostEjected, outlierThreshold } from './outliers.ts';

export interface OutlierOptions {
  /** Failures in a row that eject at once, 1 or more; Infinity: never. @default 5 */
  readonly consecutive?: number;
  /** Failures within an interval that eject at once, in a row or not, 1 or more. @default Infinity */
  readonly failures?: number;
  /** How often the ratios are compared, ms. @default 10_000 */
  readonly intervalMs?: number;
  /**
   * How success ratios are compared: `mad` by the median deviation from the median, `deviation` by the
   * standard deviation from the mean, as Envoy does, `off` not. @default 'mad'
   */
  readonly method?: 'mad' | 'deviation' | 'off';
  /** How many deviations below is too far, above 0. @default 3 with `mad`, 1.9 with `deviation` */
  readonly factor?: number;
  /** Share of failures, above 0 to 1, that ejects whatever the others do. @default never */
  readonly failureRatio?: number;
  /** Endpoints with enough calls needed for a comparison, 1 or more. @default 3 */
  readonly minEndpoints?: number;
  /** Calls in an interval that are enough, 1 or more. @default 20 */
  readonly minCalls?: number;
  /** How long the first ejection lasts; the n-th in a row lasts n times as long. ms. @default 30_000 */
  readonly baseMs?: number;
  /** Longest ejection, ms. @default 300_000 */
  readonly maxMs?: number;
  /** An ejection is made longer by a random part of itself, up to this ratio, 0–1. @default 0.1 */
  readonly jitterRatio?: number;
  /** Share of the endpoints that may be ejected at a time, 0–1. @default 0.3 */
  readonly maxRatio?: number;
  /** How that share becomes a number: gRPC rounds `up`, Envoy `down`. @default 'at-least-one' */
  readonly rounding?: EjectionRounding;
  /** `false`: only tells (event `suspect`), ejects nobody. @default true */
  readonly enforce?: boolean;
}

export type OutlierRules = Required<OutlierOptions>;

/** Checks the options and fills them in. */
export function outlierRules(check: OptionChecks, options: OutlierOptions): OutlierRules {
  optionChecks('balancer.outliers').known(options, OPTIONS);
  const method = options.method ?? 'mad';
  const given: OutlierRules = { ...DEFAULTS, factor: method === 'mad' ? 3 : 1.9, ...options };
  const path = (name: keyof OutlierOptions): string => `outliers.${name}`;
  const many = { min: 1, infinite: true, integer: true };
  check.oneOf(path('method'), given.method, ['mad', 'deviation', 'off']);
  check.oneOf(path('rounding'), given.rounding, ['down', 'up', 'at-least-one']);
  for (const name of ['consecutive', 'failures'] as const) {
    check.number(path(name), given[name], many);
  }
  for (const name of ['minEndpoints', 'minCalls'] as const) check.count(path(name), given[name]);
  for (const name of ['intervalMs', 'baseMs', 'maxMs', 'factor'] as const) {
    check.positive(path(name), given[name]);
  }
  for (const name of ['jitterRatio', 'maxRatio'] as const) check.ratio(path(name), given[name]);
  if (options.failureRatio !== undefined) {
    check.number(path('failureRatio'), given.failureRatio, { above: 0, max: 1 });
  }
  return given;
}

const OPTIONS = [
  ...(['consecutive', 'failures', 'intervalMs', 'method', 'factor', 'failureRatio'] as const),
  ...(['minEndpoints', 'minCalls', 'baseMs', 'maxMs', 'jitterRatio', 'maxRatio'] as const),
  ...(['rounding', 'enforce'] as const),
] as const;

const DEFAULTS: Omit<OutlierRules, 'factor'> = {
  consecutive: 5,
  failures: Infinity,
  intervalMs: 10_000,
  method: 'mad',
  failureRatio: Infinity,
  minEndpoints: 3,
  minCalls: 20,
  baseMs: 30_000,
  maxMs: 300_000,
  jitterRatio: 0.1,
  maxRatio: 0.3,
  rounding: 'at-least-one',
  enforce: true,
};

/** Who does what the watch decides. */
export interface OutlierHost<T> {
  readonly records: () => readonly EndpointRecord<T>[];
  eject(record: EndpointRecord<T>, until: number, reason: string): void;
  takeBack(record: EndpointRecord<T>, reason: string): void;
  /** It would have been ejected, were that enforced. */
  suspected(record: EndpointRecord<T>, reason: string): void;
}

export class OutlierWatch<T> {
  private readonly rules: OutlierRules;
  private readonly host: OutlierHost<T>;
  private readonly random: Random;
  private intervalEnd: number;

  constructor(rules: OutlierRules, host: OutlierHost<T>, random: Random, now: number) {
    this.rules = rules;
    this.host = host;
    this.random = random;
    this.intervalEnd = now + rules.intervalMs;
  }

  /** A call has ended. */
  record(record: EndpointRecord<T>, failed: boolean, now: number): void {
    if (!failed) {
      record.consecutiveFailures = 0;
      record.intervalSuccesses++;
      return;
    }
    record.consecutiveFailures++;
    record.intervalFailures++;
    const { consecutive, failures } = this.rules;
    if (record.consecutiveFailures >= consecutive) {
      this.suspect(record, `${record.consecutiveFailures} failures in a row`, now);
    } else if (record.intervalFailures >= failures) {
      this.suspect(record, `${record.intervalFailures} failures in an interval`, now);
    }
  }

  /** Does what is due; returns when something will be next. */
  tick(now: number): number {
    let next = Infinity;
    for (const record of this.host.records()) {
      if (record.ejectedUntil === 0) continue;
      if (record.ejectedUntil <= now) this.takeBack(record, 'its ejection is over', now);
      else next = Math.min(next, record.ejectedUntil);
    }
    if (now >= this.intervalEnd) this.compare(now);
    return Math.min(next, this.intervalEnd);
  }

  /** Takes an endpoint back, if it is ejected. */
  takeBack(record: EndpointRecord<T>, reason: string, now: number): void {
    if (record.ejectedUntil === 0) return;
    record.returnedAt = Math.min(now, record.ejectedUntil);
    record.consecutiveFailures = 0;
    record.intervalSuccesses = 0;
    record.intervalFailures = 0;
    this.host.takeBack(record, reason);
  }

  private compare(now: number): void {
    const { intervalMs, minCalls, minEndpoints, method, factor } = this.rules;
    const late = Math.floor((now - this.intervalEnd) / intervalMs);
    this.intervalEnd += (late + 1) * intervalMs;
    const records = this.host.records();
    const judged = records.filter((record) => {
      const calls = record.intervalSuccesses + record.intervalFailures;
      return record.isOpen && record.ejectedUntil === 0 && calls >= minCalls;
    });
    if (judged.length >= minEndpoints) {
      const ratios = judged.map(successRatio);
      const least = method === 'off' ? -1 : outlierThreshold(ratios, method, factor);
      judged.forEach((record, at) => this.judge(record, ratios[at]!, least, now));
    }
    for (const record of records) {
      record.intervalSuccesses = 0;
      record.intervalFailures = 0;
    }
  }

  private judge(record: EndpointRecord<T>, ratio: number, least: number, now: number): void {
    const percent = `${Math.round(ratio * 100)} % of its calls succeed`;
    if (1 - ratio >= this.rules.failureRatio) this.suspect(record, percent, now);
    else if (ratio < least) this.suspect(record, `${percent}, far fewer than elsewhere`, now);
  }

  private suspect(record: EndpointRecord<T>, reason: string, now: number): void {
    if (record.ejectedUntil > 0) return;
    if (!this.rules.enforce) {
      record.consecutiveFailures = 0;
      this.host.suspected(record, reason);
      return;
    }
    const { maxRatio, rounding, intervalMs, baseMs, maxMs, jitterRatio } = this.rules;
    const inUse = this.host.records().filter(({ isOpen }) => isOpen);
    const ejected = inUse.filter(({ ejectedUntil }) => ejectedUntil > 0).length;
    if (ejected >= mostEjected(inUse.length, maxRatio, rounding)) return;
    // Each interval in which it was well takes one step back.
    const forgiven = Math.floor((now - record.returnedAt) / intervalMs);
    record.severity = Math.max(0, record.severity - forgiven) + 1;
    const lastsMs = ejectionMs(record.severity, baseMs, maxMs);
    this.host.eject(record, now + lastsMs * (1 + jitterRatio * this.random()), reason);
  }
}

function successRatio({
  intervalSuccesses,
  intervalFailures,
}: {
  readonly intervalSuccesses: number;
  readonly intervalFailures: number;
}): number {
  return intervalSuccesses / (intervalSuccesses + intervalFailures);
}
