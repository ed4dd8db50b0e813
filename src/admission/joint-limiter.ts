/**
 * Several limiters that decide as one: requests and tokens a minute, calls in flight, a tenant's share.
 */

import type { Call, Entry, EventSource, Pass, Policy, Staged } from '../core/index.ts';
import { flightRunner, optionChecks, STAGE } from '../core/index.ts';
import { Entrance, LIMITER_OPTIONS } from './entrance.ts';
import { NO_CALL } from './gate.ts';
import { JointLimit } from './joint-limit.ts';
import type { Allowance } from './limit.ts';
import type { Decisions, LimiterEvents, LimiterOptions } from './limiter.ts';

/** Options of {@link jointLimiter}. */
export interface JointLimiterOptions extends LimiterOptions {
  /**
   * The limiters whose leave a call needs, one or more of this module, on the same runtime. Each may
   * also be used alone and in other joint limiters; those who wait at a limiter itself go first.
   */
  readonly limiters: readonly Staged[];
}

/** A limiter of several limits. */
export interface JointLimiter extends Policy, Staged, EventSource<LimiterEvents> {
  readonly name: string;
  /** Passes now or refuses; a refusal names the limit that binds and spends nothing of any. */
  tryEnter(call?: Call): Entry;
  /**
   * Passes, waiting for its turn within `maxWaitMs`, the call's deadline and its signal.
   *
   * @throws RejectedError with the code and name of the limit that binds
   */
  enter(call?: Call): Promise<Pass>;
  /** Looks without entering: what each limit has left, in the order of the options. */
  peek(call?: Call): readonly Allowance[];
  /**
   * Leaves its limiters, which would keep it for as long as they live: to be called when one made for a
   * tenant or a session is no longer needed. Who waits is rejected with a ClosedError, and whoever comes.
   */
  close(): void;
  [Symbol.asyncDispose](): Promise<void>;
  /** What was decided so far, and how many refusals each limit caused. */
  snapshot(): JointSnapshot;
}

/** How a joint limiter stands. */
export interface JointSnapshot extends Decisions {
  readonly name: string;
  /** Refusals by the name of the limit that bound, dry runs included. */
  readonly refusedBy: Readonly<Record<string, number>>;
}

/**
 * Makes several limits one decision: a call passes when all agree, and otherwise none has spent
 * anything. Calls wait in one line, or in one for each key where a limit is by key.
 *
 * ```ts
 * import { bucket, concurrencyLimiter, jointLimiter, rateLimiter } from 'tenfold/admission';
 *
 * const perMinute = (limit: number) => bucket({ capacity: limit, refillPerSecond: limit / 60 });
 * const provider = jointLimiter({
 *   limiters: [
 *     rateLimiter({ name: 'requests', rate: perMinute(500), unit: 'requests' }),
 *     rateLimiter({ name: 'tokens', rate: perMinute(200_000), unit: 'tokens' }),
 *     concurrencyLimiter({ name: 'in flight', limit: 32 }),
 *   ],
 *   maxWaitMs: 10_000,
 * });
 * await provider.run(async () => 'answer', { cost: { requests: 1, tokens: 1_900 } });
 * ```
 *
 * @throws OptionError when there is no limiter, one comes twice, or is of another kind or runtime
 */
export function jointLimiter(options: JointLimiterOptions): JointLimiter {
  optionChecks('jointLimiter').known(options, ['limiters', ...LIMITER_OPTIONS]);
  const members = membersOf(options);
  const limit = new JointLimit(members);
  const { runtime } = members[0] as Entrance;
  const lineOf = jointLineOf(members);
  const entrance = new Entrance({
    factory: 'jointLimiter',
    options: { ...options, runtime },
    limit,
    ...(lineOf !== undefined && { lineOf }),
  });
  for (const member of members) member.follow(entrance);
  const close = (): void => {
    for (const member of members) member.unfollow(entrance);
    entrance.close();
  };
  return {
    name: entrance.name,
    tryEnter: (call) => entrance.tryEnter(call),
    enter: (call) => entrance.pass(call),
    peek(call = NO_CALL) {
      const now = entrance.now();
      return limit.allowances(call, entrance.ahead(call, now), now);
    },
    run: flightRunner([entrance]),
    on: (name, listener) => entrance.events.on(name, listener),
    snapshot: () => ({
      name: entrance.name,
      refusedBy: Object.fromEntries(entrance.refusedBy),
      ...entrance.decisions(),
    }),
    close,
    [Symbol.asyncDispose]: async () => close(),
    [STAGE]: entrance,
  };
}

function membersOf({ limiters, runtime }: JointLimiterOptions): readonly Entrance[] {
  const check = optionChecks('jointLimiter');
  if (!Array.isArray(limiters) || limiters.length === 0) {
    check.refuse('limiters', 'one limiter or more', limiters);
  }
  const members = limiters.map((limiter, i) => {
    const stage = (limiter as Partial<Staged> | undefined)?.[STAGE];
    if (stage === undefined || !('waitMsBeside' in stage)) {
      check.refuse(`limiters[${i}]`, 'a limiter of this module', limiter);
    }
    return stage as unknown as Entrance;
  });
  const shared = runtime ?? (members[0] as Entrance).runtime;
  members.forEach((member, i) => {
    if (members.indexOf(member) < i) {
      check.refuse(`limiters[${i}]`, 'given once', member.name);
    }
    if (member.runtime !== shared) {
      check.refuse(`limiters[${i}]`, 'on the runtime of the others', member.name);
    }
  });
  return members;
}

/** Calls that differ in a key of any limit wait apart. */
function jointLineOf(members: readonly Entrance[]): ((call: Call) => string) | undefined {
  const keyed = members.flatMap(({ lineOf }) => lineOf ?? []);
  if (keyed.length <= 1) return keyed[0];
  return (call) => keyed.map((lineOf) => lineOf(call)).join('\u0000');
}
