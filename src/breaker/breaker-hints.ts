/**
 * Hints between processes: what one breaker has found out makes the others quicker to believe the
 * same. No shared state and no lock: every decision stays local and synchronous, and a hint that is
 * late, lost or wrong costs some accuracy, never a call.
 */

/** What one breaker tells the others of its name. */
export interface BreakerHint {
  /** Name of the breaker. */
  readonly breaker: string;
  /** The key, of a keyed breaker. */
  readonly key?: string | undefined;
  readonly state: 'open' | 'closed';
  /** How long the sender stays open, in ms; 0 when closed. */
  readonly openMs: number;
}

/**
 * The port to a channel between processes (a Redis channel, `process.send`). `publish` must not deliver
 * to the sender, or may: a breaker that hears itself changes nothing.
 */
export interface BreakerHints {
  /** Sends a hint; nobody waits for it, and a failure is only reported. */
  publish(hint: BreakerHint): void | PromiseLike<void>;
  /** Calls `listener` for every hint that comes in, until the handle is disposed of. */
  subscribe(listener: (hint: BreakerHint) => void): Disposable;
}

/** What the hint that another process has opened does here. */
export type HintTrust = 'suspect' | 'open';

export const HINT_TRUSTS: readonly HintTrust[] = ['suspect', 'open'];

/** True for what can be taken as a hint to this breaker; what comes over a wire may be anything. */
export function isHintFor(breaker: string, hint: unknown): hint is BreakerHint {
  if (typeof hint !== 'object' || hint === null) return false;
  const { breaker: name, key, state, openMs } = hint as Partial<Record<keyof BreakerHint, unknown>>;
  return (
    name === breaker &&
    (key === undefined || typeof key === 'string') &&
    typeof openMs === 'number' &&
    (state === 'open' ? openMs > 0 : state === 'closed')
  );
}
