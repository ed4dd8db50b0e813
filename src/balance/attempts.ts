/**
 * One call, attempted more than once: after an end that asks for it, or because the first answer is
 * late. Each attempt goes to an endpoint not yet tried.
 */

import type { Call, Work } from '../core/index.ts';
import { flightCall, TOKEN } from '../core/index.ts';
import type { RunRules } from './balancer-options.ts';

/** What the attempts of one call share. */
export interface Tries {
  /** Slots of the endpoints that were asked. */
  readonly slots: Set<number>;
  /** Whether the balancer itself refused one. A refusal by the work is an end like any other. */
  isRefused: boolean;
}

/** One attempt; notes in `tries` where it went. */
export type Attempt<R> = (call: Call, tries: Tries) => Promise<R>;

/** Makes attempts until one is good enough or all are used up; the last end is the caller's answer. */
export async function attempted<R>(
  attempt: Attempt<R>,
  call: Call,
  { retryOn, attempts, hedge }: RunRules,
): Promise<R> {
  const tries: Tries = { slots: new Set(), isRefused: false };
  let begun = 0;
  const one: Work<R> = (inner) => {
    begun++;
    return attempt(flightCall(inner, inner[TOKEN], begun), tries);
  };
  const wave = (): Promise<R> =>
    hedge === undefined
      ? Promise.resolve(one(flightCall(call, call[TOKEN]), undefined))
      : hedge.run(one, call);
  for (let left = retryOn === undefined ? 0 : attempts - 1; ; left--) {
    const isLast = left <= 0;
    let value: R;
    try {
      value = await wave();
    } catch (error) {
      const isOver = isLast || tries.isRefused || call[TOKEN]?.isCancelled === true;
      if (isOver || !retryOn!(error, 'failure')) throw error;
      continue;
    }
    if (isLast || !retryOn!(value, 'success')) return value;
  }
}
