/**
 * What happened to every request of one run, as columns, and what was sampled along the way. Only
 * written while the run goes on; `results.ts` makes sense of it afterwards.
 */
import { isTenfoldError } from 'tenfold';
import { GatewayError } from './backend.ts';
import { serviceOf, type Traffic } from './traffic.ts';

/** How a request ended. Zero while it has not. */
export const OUTCOME = {
  open: 0,
  answered: 1,
  rejected: 2,
  expired: 3,
  failed: 4,
} as const;

/** Code of an outcome. */
export type Outcome = (typeof OUTCOME)[keyof typeof OUTCOME];

/** One look at a platform. */
export interface PlatformSample {
  readonly atMs: number;
  readonly waiting: number;
  readonly workers: number;
}

/** Everything recorded of one run. */
export interface RunLog {
  readonly outcome: Uint8Array;
  /** From arrival to the answer, refusal or failure, ms. */
  readonly settledAfterMs: Float64Array;
  /** Refusals and failures by error code. */
  readonly reasons: Map<string, number>;
  readonly samples: PlatformSample[];
  settled: number;
  inTime: number;
  answered(index: number, afterMs: number): void;
  /** Records what `run` rejected with; throws on what no platform may answer with: a bug. */
  failed(index: number, error: unknown, afterMs: number): void;
}

/** Makes the log of a run. */
export function runLog(traffic: Traffic): RunLog {
  const outcome = new Uint8Array(traffic.count);
  const settledAfterMs = new Float64Array(traffic.count);
  const reasons = new Map<string, number>();
  return {
    outcome,
    settledAfterMs,
    reasons,
    samples: [],
    settled: 0,
    inTime: 0,
    answered(index, afterMs) {
      outcome[index] = OUTCOME.answered;
      settledAfterMs[index] = afterMs;
      this.settled++;
      if (afterMs <= deadlineOf(traffic, index)) this.inTime++;
    },
    failed(index, error, afterMs) {
      const [code, reason] = judge(error);
      outcome[index] = code;
      settledAfterMs[index] = afterMs;
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      this.settled++;
    },
  };
}

/** Milliseconds from arrival after which nobody wants the answer. */
export function deadlineOf(traffic: Traffic, index: number): number {
  return serviceOf(traffic, index).deadlineMs;
}

function judge(error: unknown): [Outcome, string] {
  if (error instanceof GatewayError) return [OUTCOME.failed, 'gateway 504'];
  if (!isTenfoldError(error)) throw error;
  switch (error.code) {
    case 'ERR_RATE_LIMITED':
      return [OUTCOME.rejected, 'rate limit'];
    case 'ERR_QUEUE_FULL':
      return [OUTCOME.rejected, 'queue full'];
    case 'ERR_CIRCUIT_OPEN':
      return [OUTCOME.rejected, 'circuit open'];
    case 'ERR_EXPIRED':
      return [OUTCOME.expired, 'deadline passed in the queue'];
    case 'ERR_TIMEOUT':
      return [OUTCOME.failed, 'timed out'];
    default:
      throw error;
  }
}
