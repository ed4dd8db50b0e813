/**
 * Feedback of the provider: the other side knows its limits best, and says so in its responses.
 *
 * A door for a joint limiter, which sees every response go by. When one says "too many", the whole
 * group pauses: one pause for all, instead of every call finding out for itself. When one tells what is
 * left or what the limit is, our own limits follow, so that several processes which share one
 * account do not each believe to have all of it.
 */

import type { Call, Entry, EventSource, Pass, Policy, Staged } from '../core/index.ts';
import {
  flightRunner,
  optionChecks,
  responseHeader,
  responseStatus,
  STAGE,
  systemRuntime,
} from '../core/index.ts';
import { Entrance, LIMITER_OPTIONS } from './entrance.ts';
import { PauseLimit } from './pause-limit.ts';
import type { Decisions, LimiterOptions } from './limiter.ts';
import type { FeedbackEvents } from './provider-watch.ts';
import { ProviderWatch } from './provider-watch.ts';
import { TunedLimiter } from './tuned-limiter.ts';

/** Options of {@link providerFeedback}. */
export interface ProviderFeedbackOptions extends LimiterOptions {
  /**
   * Rate limiters that follow what the provider says, by the unit it says it of: 'requests', 'tokens'.
   * They never exceed what they are configured for.
   * @default none, only pauses
   */
  readonly retune?: Readonly<Record<string, Staged>>;
  /** Which answers and errors mean "too many". @default status 429, 529, and 503 with `Retry-After` */
  readonly isLimited?: (detail: unknown) => boolean;
  /** The first pause where the answer names none, in ms; doubles with each that follows. @default 1_000 */
  readonly pauseMs?: number;
  /** The longest pause, whatever the answer says, in ms; at least `pauseMs`. @default 600_000 */
  readonly maxPauseMs?: number;
}

/** A door that pauses and retunes by what responses say. */
export interface ProviderFeedback extends Policy, Staged, EventSource<FeedbackEvents> {
  readonly name: string;
  /** Passes now or refuses; `done` on the pass takes in what the call has heard. */
  tryEnter(call?: Call): Entry;
  /**
   * Passes, waiting for the end of a pause within `maxWaitMs`, the call's deadline and its signal.
   *
   * @throws RejectedError (`ERR_RATE_LIMITED`) at once when the pause is longer
   */
  enter(call?: Call): Promise<Pass>;
  /** Takes in a response or an error that did not come through `run` or a pass. */
  report(detail: unknown): void;
  snapshot(): FeedbackSnapshot;
}

/** How provider feedback stands. */
export interface FeedbackSnapshot extends Decisions {
  readonly name: string;
  /** Milliseconds until calls may go on; 0 when they may. */
  readonly pausedMs: number;
  /** Pauses so far. */
  readonly pauses: number;
  /** By unit, the share of the configured limit in force, 0–1. */
  readonly tuned: Readonly<Record<string, number>>;
}

/**
 * Makes the door; put it into a joint limiter with the limits it retunes.
 *
 * ```ts
 * import { bucket, jointLimiter, providerFeedback, rateLimiter } from 'tenfold/admission';
 *
 * const rate = bucket({ capacity: 200_000, refillPerSecond: 200_000 / 60 });
 * const tokens = rateLimiter({ rate, unit: 'tokens' });
 * const feedback = providerFeedback({ retune: { tokens } });
 * const provider = jointLimiter({ limiters: [tokens, feedback], maxWaitMs: 30_000 });
 * await provider.run(async () => new Response('the answer'), { cost: { tokens: 1_900 } });
 * ```
 *
 * @throws OptionError when an option is out of range
 */
export function providerFeedback(options: ProviderFeedbackOptions = {}): ProviderFeedback {
  const check = optionChecks('providerFeedback');
  check.known(options, ['retune', 'isLimited', 'pauseMs', 'maxPauseMs', ...LIMITER_OPTIONS]);
  const { retune = {}, isLimited = saysTooMany, pauseMs = 1000, maxPauseMs = 600_000 } = options;
  check.callable('isLimited', isLimited);
  check.positive('pauseMs', pauseMs);
  check.number('maxPauseMs', maxPauseMs, { min: pauseMs });
  const runtime = options.runtime ?? systemRuntime();
  const tuned = new Map(
    Object.entries(check.record('retune', retune)).map(([unit, limiter]) => [
      unit,
      tunedLimiter(unit, limiter),
    ]),
  );
  const limit = new PauseLimit((heard, outcome, detail, now) => {
    if (outcome === 'cancelled' || outcome === 'refused') return;
    watch.hear(heard, detail, entrance.now(now));
  });
  const entrance = new Entrance<FeedbackEvents>({ factory: 'providerFeedback', options, limit });
  limit.shell = entrance;
  const watch = new ProviderWatch({
    name: entrance.name,
    limit,
    tuned,
    isLimited,
    pauseMs,
    maxPauseMs,
    events: entrance.events,
    runtime,
  });
  return {
    name: entrance.name,
    tryEnter: (call) => entrance.tryEnter(call),
    enter: (call) => entrance.pass(call),
    run: flightRunner([entrance]),
    on: (name, listener) => entrance.events.on(name, listener),
    report(detail) {
      const now = entrance.now();
      watch.hear({ call: {}, since: now, pauses: limit.pauses }, detail, now);
    },
    snapshot: () => ({
      name: entrance.name,
      pausedMs: limit.waitMs({}, limit.nobody(), entrance.now()),
      pauses: watch.pauses,
      tuned: Object.fromEntries([...tuned].map(([unit, { ratio }]) => [unit, ratio])),
      ...entrance.decisions(),
    }),
    [STAGE]: entrance,
  };
}

function saysTooMany(detail: unknown): boolean {
  if (typeof detail !== 'object' || detail === null) return false;
  const status = responseStatus(detail);
  if (status === 503) return responseHeader(detail, 'retry-after') !== undefined;
  return status === 429 || status === 529;
}

function tunedLimiter(unit: string, limiter: Staged): TunedLimiter {
  const stage = (limiter as Partial<Staged> | undefined)?.[STAGE];
  const tuned = stage === undefined ? undefined : TunedLimiter.of(stage);
  return (
    tuned ?? optionChecks('providerFeedback').refuse(`retune.${unit}`, 'a rate limiter', limiter)
  );
}
