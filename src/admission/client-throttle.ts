/**
 * Adaptive throttling at the client: a backend that refuses most calls still pays for refusing them, so
 * the client turns away itself, by chance, what would most likely be refused.
 *
 * With `n` calls asked for and `ok` accepted over the last two minutes, a call is refused with the
 * chance `(n − K·ok) / (n + 1)`: nothing while at least one in K is accepted, and the more the fewer are.
 * Calls refused here count among those asked for; that is what makes the chance settle, and why a burst
 * at a backend that refuses does not pass as a whole.
 *
 * Source: Google, "Site Reliability Engineering" (2016), chapter 21, with K = 2; the bound and the
 * least number of calls as in Envoy's admission control and failsafe-go's adaptive throttler. As there,
 * calls count when they are answered: counted when they begin, those under way would look refused, and
 * a burst, or a backend that takes its time, would be kept from a healthy one.
 */

import type { Call, Door, Entry, EventSource, Outcome, Pass, Policy } from '../core/index.ts';
import type { Staged, TimeWindow } from '../core/index.ts';
import { flightRunner, optionChecks, responseStatus, STAGE, timeWindow } from '../core/index.ts';
import { Gate, GATE_OPTIONS, NO_CALL } from './gate.ts';
import type { Counts, GateOptions, LimiterEvents } from './limiter.ts';

/** Options of {@link clientThrottle}. */
export interface ClientThrottleOptions extends GateOptions {
  /** K: calls asked for per call accepted before anything is refused, 1 or more. @default 2 */
  readonly callsPerAccepted?: number;
  /** How far back is counted, in ms; above 0. @default 120_000 */
  readonly windowMs?: number;
  /** Nothing is refused below so many calls in the window, 0 or more. @default 10 */
  readonly minimumCalls?: number;
  /** The greatest chance of being refused, 0–1: the rest goes to see whether it is over. @default 0.9 */
  readonly maxRefusedRatio?: number;
  /**
   * Whether an answer or error counts as accepted by the backend.
   * @default no error but those of HTTP below 500 (429 is overload, too) and of gRPC that say so
   */
  readonly isAccepted?: (outcome: 'success' | 'failure', detail: unknown) => boolean;
}

/** A throttle before one backend. */
export interface ClientThrottle extends Policy, Staged, EventSource<LimiterEvents> {
  readonly name: string;
  /** Passes or refuses (`ERR_OVERLOADED`); never waits. Call `done` on the pass. */
  tryEnter(call?: Call): Entry;
  snapshot(): ThrottleSnapshot;
}

/** How a client throttle stands. */
export interface ThrottleSnapshot extends Counts {
  readonly name: string;
  /** The chance of the next call to be refused, 0–1. */
  readonly refusedRatio: number;
  /** Calls answered by the backend or kept from it in the window, and calls it accepted. */
  readonly calls: number;
  readonly accepted: number;
}

/**
 * Throttles calls to one backend by how many it accepts.
 *
 * ```ts
 * import { clientThrottle } from 'tenfold/admission';
 *
 * const throttle = clientThrottle({ callsPerAccepted: 1.5 });
 * const answer: string = await throttle.run(async () => 'hello');
 * ```
 *
 * @throws OptionError when an option is out of range
 */
export function clientThrottle(options: ClientThrottleOptions = {}): ClientThrottle {
  optionChecks('clientThrottle').known(options, [
    ...GATE_OPTIONS,
    'callsPerAccepted',
    'windowMs',
    'minimumCalls',
    'maxRefusedRatio',
    'isAccepted',
  ]);
  const throttle = new Throttle(options);
  return {
    name: throttle.name,
    tryEnter: (call = NO_CALL) => throttle.enter(call, throttle.runtime.now()),
    run: flightRunner([throttle]),
    on: (name, listener) => throttle.events.on(name, listener),
    snapshot: () => throttle.snapshot(),
    [STAGE]: throttle,
  };
}

const CALLS = 0;
const ACCEPTED = 1;
const BUCKETS = 24;

class Throttle extends Gate implements Door {
  private readonly counted: TimeWindow;
  private readonly callsPerAccepted: number;
  private readonly minimumCalls: number;
  private readonly maxRefusedRatio: number;
  private readonly isAccepted: (outcome: 'success' | 'failure', detail: unknown) => boolean;
  private readonly random: () => number;

  constructor(options: ClientThrottleOptions) {
    super('clientThrottle', options);
    const check = optionChecks('clientThrottle');
    const { callsPerAccepted = 2, minimumCalls = 10, maxRefusedRatio = 0.9 } = options;
    this.callsPerAccepted = check.number('callsPerAccepted', callsPerAccepted, { min: 1 });
    this.minimumCalls = check.nonNegative('minimumCalls', minimumCalls);
    this.maxRefusedRatio = check.ratio('maxRefusedRatio', maxRefusedRatio);
    this.isAccepted = check.callable('isAccepted', options.isAccepted ?? isNoOverload);
    const windowMs = check.positive('windowMs', options.windowMs ?? 120_000);
    this.counted = timeWindow({ windowMs, buckets: BUCKETS, counters: 2 });
    this.random = this.runtime.random('client throttle');
  }

  enter(call: Call, now: number): Entry {
    if (this.exempt !== undefined && this.exempt(call)) return this.letPass();
    const chance = this.refusedRatio(now);
    if (chance > 0 && this.random() < chance) {
      const message = `the backend accepts too few: ${Math.round(100 * chance)} % are kept from it`;
      const entry = this.turnAway(call, { code: 'ERR_OVERLOADED', message }, 0);
      if (!entry.ok) {
        this.counted.add(now, CALLS, 1);
        return entry;
      }
    } else {
      this.admitted++;
    }
    return new ThrottlePass(this);
  }

  ended(outcome: Outcome, detail: unknown, now: number = this.runtime.now()): void {
    // Whoever gave up, or was turned away before the backend, has not asked it.
    if (outcome === 'cancelled' || outcome === 'refused') return;
    try {
      const isAccepted = this.isAccepted(outcome, detail);
      this.counted.add(now, CALLS, 1);
      if (isAccepted) this.counted.add(now, ACCEPTED, 1);
    } catch (error) {
      this.runtime.report(error, `${this.name}: isAccepted`);
    }
  }

  snapshot(): ThrottleSnapshot {
    const now = this.runtime.now();
    return {
      name: this.name,
      refusedRatio: this.refusedRatio(now),
      calls: this.counted.sum(now, CALLS),
      accepted: this.counted.sum(now, ACCEPTED),
      ...this.counts(),
    };
  }

  private refusedRatio(now: number): number {
    const calls = this.counted.sum(now, CALLS);
    if (calls < this.minimumCalls) return 0;
    const excess = calls - this.callsPerAccepted * this.counted.sum(now, ACCEPTED);
    return Math.min(this.maxRefusedRatio, Math.max(0, excess / (calls + 1)));
  }
}

class ThrottlePass implements Pass {
  readonly ok = true;
  private throttle: Throttle | undefined;

  constructor(throttle: Throttle) {
    this.throttle = throttle;
  }

  done(outcome: Outcome, detail?: unknown, now?: number): void {
    const { throttle } = this;
    this.throttle = undefined;
    throttle?.ended(outcome, detail, now);
  }
}

/** RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED, ABORTED, INTERNAL, UNAVAILABLE, DATA_LOSS, as in Envoy. */
const GRPC_OVERLOAD = [8, 4, 10, 13, 14, 15];
const MOST_GRPC_CODE = 16;

function isNoOverload(outcome: 'success' | 'failure', detail: unknown): boolean {
  if (typeof detail !== 'object' || detail === null) return outcome === 'success';
  const status = responseStatus(detail);
  if (status !== undefined) return status !== 429 && status < 500;
  const { code } = detail as { readonly code?: unknown };
  if (outcome === 'failure' && typeof code === 'number' && code <= MOST_GRPC_CODE) {
    return !GRPC_OVERLOAD.includes(code);
  }
  return outcome === 'success';
}
