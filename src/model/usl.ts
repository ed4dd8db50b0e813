/**
 * The Universal Scalability Law: how throughput grows with concurrency, and where it turns.
 *
 *   X(N) = λN ÷ (1 + σ(N − 1) + κN(N − 1))
 *
 * N. J. Gunther, Guerrilla Capacity Planning (2007), chapters 4–6. λ is the throughput of one, σ
 * (contention) the share of work that queues for something shared, κ (coherency) the price of
 * keeping each pair in agreement.
 */
import { optionChecks } from '../core/options.ts';

/** The three parameters of the law. */
export interface UslParameters {
  /** Throughput at concurrency 1, work per unit of time; > 0. */
  readonly lambda: number;
  /** Contention; 0 to 1. */
  readonly sigma: number;
  /** Coherency; ≥ 0. */
  readonly kappa: number;
}

/** A system that scales by the law. Times are in the unit of 1 ÷ lambda. */
export interface Usl extends UslParameters {
  /**
   * N* = √((1 − σ) ÷ κ), but at least 1: past it more concurrency means less throughput; Infinity
   * without κ.
   */
  readonly peakConcurrency: number;
  /** Throughput at N*; without κ the limit λ ÷ σ, which is approached and never reached. */
  readonly peakThroughput: number;
  /** λ ÷ σ: the most that contention alone would allow; Infinity without contention. */
  readonly contentionLimit: number;
  /** The concurrency 1 ÷ σ at which linear growth would meet the contention limit. */
  readonly kneeConcurrency: number;
  /** Work per unit of time at a concurrency (≥ 0, fractions allowed). */
  throughputAt(concurrency: number): number;
  /** Mean time of one piece of work at a concurrency (≥ 0). */
  latencyAt(concurrency: number): number;
  /** The greatest concurrency whose latency does not exceed `latency`; 0 when none does. */
  concurrencyWithin(latency: number): number;
  /** The least concurrency that gives this throughput; Infinity when none does. */
  concurrencyFor(throughput: number): number;
}

/**
 * Makes the law with given parameters.
 *
 * `concurrencyFor` solves the whole law; usl4j's `concurrencyAtThroughput` and
 * `latencyAtThroughput` leave κ out and answer for throughputs that are never reached.
 *
 * @throws OptionError naming the parameter out of range
 *
 * @example
 * ```ts
 * import { usl } from 'tenfold/model';
 *
 * const workers = usl({ lambda: 1000, sigma: 0.03, kappa: 0.0001 });
 * workers.peakConcurrency; // 98.4…
 * workers.throughputAt(32); // 15_769…
 * ```
 */
export function usl(parameters: UslParameters): Usl {
  const check = optionChecks('usl');
  const lambda = check.positive('lambda', parameters?.lambda);
  const sigma = check.ratio('sigma', parameters?.sigma);
  const kappa = check.nonNegative('kappa', parameters?.kappa);

  const latencyAt = (n: number): number => (1 + sigma * (n - 1) + kappa * n * (n - 1)) / lambda;
  const throughputAt = (n: number): number => (n === 0 ? 0 : n / latencyAt(n));
  const contentionLimit = sigma === 0 ? Infinity : lambda / sigma;
  const peakConcurrency = kappa === 0 ? Infinity : Math.max(1, Math.sqrt((1 - sigma) / kappa));
  return {
    lambda,
    sigma,
    kappa,
    contentionLimit,
    kneeConcurrency: 1 / sigma,
    peakConcurrency,
    peakThroughput: kappa === 0 ? contentionLimit : throughputAt(peakConcurrency),
    throughputAt,
    latencyAt,
    // κn² + (σ − κ)n + (1 − σ) = λ·latency
    concurrencyWithin: (latency) => greaterRoot(kappa, sigma - kappa, 1 - sigma - lambda * latency),
    // κxn² + ((σ − κ)x − λ)n + (1 − σ)x = 0
    concurrencyFor: (x) => lesserRoot(kappa * x, (sigma - kappa) * x - lambda, (1 - sigma) * x),
  };
}

/** The greater n ≥ 0 with an² + bn + c = 0, for a ≥ 0; 0 when there is none. */
function greaterRoot(a: number, b: number, c: number): number {
  if (a === 0) return b > 0 ? Math.max(0, -c / b) : c > 0 ? 0 : Infinity;
  const square = b * b - 4 * a * c;
  if (square < 0) return 0;
  const root = Math.sqrt(square);
  return Math.max(0, b > 0 ? (-2 * c) / (b + root) : (root - b) / (2 * a));
}

/** The lesser n ≥ 0 with an² + bn + c = 0, for a ≥ 0 and c ≥ 0; Infinity when there is none. */
function lesserRoot(a: number, b: number, c: number): number {
  if (c === 0) return 0;
  const square = b * b - 4 * a * c;
  return b >= 0 || square < 0 ? Infinity : (2 * c) / (Math.sqrt(square) - b);
}
