// failsafe-go's adaptive limiter (MIT, commit 5759a5e), written anew from its published behaviour, so
// that our default limit can be compared with it in the same simulation. Its decisions are checked
// against its own tests in test/admission/failsafe-adaptive.test.ts.
import { log10Step } from '../../../src/admission/concurrency/rule.ts';
import type { WarmedAverage } from '../../../src/admission/concurrency/gradient2.ts';
import { warmedAverage } from '../../../src/admission/concurrency/gradient2.ts';

export interface FailsafeOptions {
  readonly min?: number;
  readonly max?: number;
  readonly initial?: number;
  readonly maxLimitFactor?: number;
  readonly windowMinMs?: number;
  readonly windowMaxMs?: number;
  readonly minSamples?: number;
}

const QUANTILE = 0.9;
const BASELINE_AGE = 10;
const WARM_UP = 10;
const SMOOTHED = 5;
const CORRELATION_WINDOW = 50;

export class FailsafeAdaptive {
  limit: number;
  inFlight = 0;
  readonly baseline: WarmedAverage = warmedAverage(BASELINE_AGE, WARM_UP);
  private readonly options: Required<FailsafeOptions>;
  private readonly smoothed = warmedAverage(SMOOTHED, WARM_UP);
  private readonly median = new MovingMedian(SMOOTHED);
  private readonly throughputCorrelation = new CorrelationWindow();
  private readonly rttCorrelation = new CorrelationWindow();
  private rtts: number[] = [];
  private minRtt = Infinity;
  private mostInFlight = 0;
  private nextUpdateAt = 0;

  constructor(options: FailsafeOptions = {}) {
    this.options = {
      min: 1,
      max: 200,
      initial: 20,
      maxLimitFactor: 5,
      windowMinMs: 1000,
      windowMaxMs: 30_000,
      minSamples: 50,
      ...options,
    };
    this.limit = this.options.initial;
  }

  /** Takes a place; answers the number in flight with it, or 0 when there is none. */
  tryAcquire(): number {
    if (this.inFlight >= Math.floor(this.limit)) return 0;
    return ++this.inFlight;
  }

  record(now: number, rttMs: number, inFlight: number, isDropped: boolean): void {
    if (!isDropped) {
      this.rtts.push(rttMs);
      this.minRtt = Math.min(this.minRtt, rttMs);
      this.mostInFlight = Math.max(this.mostInFlight, inFlight);
    }
    if (now > this.nextUpdateAt && this.rtts.length >= this.options.minSamples) {
      const smoothed = this.smoothed.add(this.median.add(quantile(this.rtts, QUANTILE)));
      this.update(smoothed, this.mostInFlight);
      const windowMs = Math.max(this.minRtt * 2, this.options.windowMinMs);
      this.nextUpdateAt = now + Math.min(windowMs, this.options.windowMaxMs);
      this.rtts = [];
      this.minRtt = Infinity;
      this.mostInFlight = 0;
    }
    this.inFlight--;
  }

  private update(rttMs: number, inFlight: number): void {
    const queue = Math.ceil(this.limit * (1 - this.baseline.add(rttMs) / rttMs));
    const throughput = this.throughputCorrelation.add(inFlight, inFlight / (rttMs / 1000));
    const rtt = this.rttCorrelation.add(inFlight, rttMs);
    const isFull = this.inFlight >= Math.floor(this.limit);
    const step = log10Step(Math.floor(this.limit));
    let next = this.limit;
    if (queue > 6 * step || (isFull && saysOverload(throughput, rtt))) next -= step;
    else if (queue < 3 * step) next += step;
    const cap = maxLimit(inFlight, this.options.maxLimitFactor, 0, 1.2);
    if (next > cap) next = this.limit > cap ? this.limit - step : cap;
    this.limit = Math.max(this.options.min, Math.min(this.options.max, next));
  }
}

/** Throughput that does not follow concurrency, or latency that does, while the limit is full. */
function saysOverload(throughput: Correlation, rtt: Correlation): boolean {
  if (throughput.correlation < 0) return true;
  if (throughput.correlation < 0.3 && rtt.correlation > 0.5) return true;
  return throughput.variation < 0.2 && rtt.correlation > 0.5;
}

/** The limit that so many in flight justify: a factor that falls with each order of magnitude. */
export function maxLimit(
  inFlight: number,
  factor: number,
  decay: number,
  minFactor: number,
): number {
  if (decay === 0 || inFlight <= 0) return inFlight * factor;
  return inFlight * Math.max(minFactor, factor - decay * Math.log10(inFlight));
}

/** The value below which a share `q` of the samples lies, the nearest rank. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? NaN;
}

class MovingMedian {
  private values: number[] = [];
  private readonly size: number;

  constructor(size: number) {
    this.size = size;
  }

  add(value: number): number {
    this.values = [...this.values, value].slice(-this.size);
    return this.values.length < this.size
      ? value
      : ([...this.values].sort((a, b) => a - b)[this.size >> 1] as number);
  }
}

interface Correlation {
  readonly correlation: number;
  /** Coefficient of variation of the second variable. */
  readonly variation: number;
}

class CorrelationWindow {
  private pairs: (readonly [number, number])[] = [];

  add(x: number, y: number): Correlation {
    this.pairs = [...this.pairs, [x, y] as const].slice(-CORRELATION_WINDOW);
    const n = this.pairs.length;
    const meanX = this.pairs.reduce((sum, [value]) => sum + value, 0) / n;
    const meanY = this.pairs.reduce((sum, [, value]) => sum + value, 0) / n;
    const varX = this.pairs.reduce((sum, [value]) => sum + (value - meanX) ** 2, 0) / n;
    const varY = this.pairs.reduce((sum, [, value]) => sum + (value - meanY) ** 2, 0) / n;
    const variation = Math.sqrt(varY) / meanY;
    if (n < WARM_UP) return { correlation: 0, variation: 0 };
    if (Math.sqrt(varX) / meanX < 0.01 || variation < 0.01) return { correlation: 0, variation };
    const cov = this.pairs.reduce((sum, [a, b]) => sum + (a - meanX) * (b - meanY), 0) / n;
    return { correlation: cov / Math.sqrt(varX * varY), variation };
  }
}
