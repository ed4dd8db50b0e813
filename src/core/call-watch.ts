/**
 * Watching a call: whatever can cancel it, the token it carries, the caller's own signal or both,
 * seen as one thing that a waiting party hangs on and leaves.
 */

import type { Call } from './call.ts';
import { ownSignal, TOKEN } from './call.ts';
import type { CancelHook, CancelToken } from './cancellation.ts';
import { cancelHook, tokenOf } from './cancellation.ts';

/** Somebody who wants to know that a call was given up. */
export interface Cancellable {
  cancelled(reason: unknown): void;
}

/** A hold on what can cancel a call. */
export interface CallWatch {
  /** Lets go; may be called twice. */
  end(): void;
}

/**
 * Tells `party`, once, when the call is cancelled; at once when it already is.
 *
 * @returns undefined when nothing can cancel the call, so that the common call allocates nothing
 */
export function watchCall(call: Call, party: Cancellable): CallWatch | undefined {
  const token = call[TOKEN];
  const signal = ownSignal(call);
  if (token === undefined && signal === undefined) return undefined;
  return new Watch(token, signal, party);
}

class Watch implements CallWatch, CancelHook {
  hookToken: CancelToken | undefined = undefined;
  hookPrevious: CancelHook | undefined = undefined;
  hookNext: CancelHook | undefined = undefined;
  /** Where the caller's own signal came beside the token of an outer flight. */
  private second: CancelHook | undefined = undefined;
  private party: Cancellable | undefined;

  constructor(token: CancelToken | undefined, signal: AbortSignal | undefined, party: Cancellable) {
    this.party = party;
    const first = token ?? tokenOf(signal as AbortSignal);
    first.add(this);
    if (token === undefined || signal === undefined || this.party === undefined) return;
    this.second = cancelHook((reason) => this.cancelled(reason));
    tokenOf(signal).add(this.second);
  }

  cancelled(reason: unknown): void {
    const { party } = this;
    this.end();
    party?.cancelled(reason);
  }

  end(): void {
    this.party = undefined;
    this.hookToken?.remove(this);
    this.second?.hookToken?.remove(this.second);
  }
}
