/**
 * Cancellation inside the library: a light token that makes an `AbortSignal` only when somebody
 * reads `signal` (an AbortController costs more than a whole stack of policies), and that gives a
 * caller's signal one listener however many calls share it.
 *
 * Tokens form a tree. Hooks (children and waiting entries) hang in an intrusive doubly linked list,
 * so that adding and removing one is O(1) and allocates nothing.
 */

/** Something to be told when a token is cancelled; at most one token at a time. */
export interface CancelHook {
  /** Called once, synchronously, after the hook has been taken off its token. */
  cancelled(reason: unknown): void;
  /** Intrusive links, owned by the token the hook hangs on. */
  hookToken: CancelToken | undefined;
  hookPrevious: CancelHook | undefined;
  hookNext: CancelHook | undefined;
}

/** One cancellation scope. `isCancelled` goes from false to true once. */
export interface CancelToken extends CancelHook {
  readonly isCancelled: boolean;
  /** The reason given to `cancel`; undefined before. */
  readonly reason: unknown;
  /** The same scope as a platform signal, made at the first read. */
  readonly signal: AbortSignal;
  /** Cancels this scope and everything below it; later calls do nothing. */
  cancel(reason: unknown): void;
  /** Hangs `hook` on this token. A cancelled token calls it at once. */
  add(hook: CancelHook): void;
  /** Takes `hook` off this token, if it hangs here. */
  remove(hook: CancelHook): void;
}

/** The token as a class to build on inside `core`: a flight is its own token. */
export class CancelScope implements CancelToken {
  isCancelled = false;
  reason: unknown = undefined;
  hookToken: CancelToken | undefined = undefined;
  hookPrevious: CancelHook | undefined = undefined;
  hookNext: CancelHook | undefined = undefined;
  private first: CancelHook | undefined = undefined;
  private controller: AbortController | undefined = undefined;

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.isCancelled) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  cancel(reason: unknown): void {
    if (this.isCancelled) return;
    this.isCancelled = true;
    this.reason = reason;
    this.controller?.abort(reason);
    for (let hook = this.first; hook !== undefined; hook = this.first) {
      this.remove(hook);
      hook.cancelled(reason);
    }
  }

  cancelled(reason: unknown): void {
    this.cancel(reason);
  }

  add(hook: CancelHook): void {
    if (this.isCancelled) {
      hook.cancelled(this.reason);
      return;
    }
    hook.hookToken = this;
    hook.hookPrevious = undefined;
    hook.hookNext = this.first;
    if (this.first !== undefined) this.first.hookPrevious = hook;
    this.first = hook;
  }

  remove(hook: CancelHook): void {
    if (hook.hookToken !== this) return;
    if (hook.hookPrevious === undefined) this.first = hook.hookNext;
    else hook.hookPrevious.hookNext = hook.hookNext;
    if (hook.hookNext !== undefined) hook.hookNext.hookPrevious = hook.hookPrevious;
    hook.hookToken = undefined;
    hook.hookPrevious = undefined;
    hook.hookNext = undefined;
  }
}

/** Makes a token that nobody has cancelled. */
export function cancelToken(): CancelToken {
  return new CancelScope();
}

/**
 * Returns the token of a platform signal: the same one for the same signal, whose single `abort`
 * listener serves every call that shares it.
 */
export function tokenOf(signal: AbortSignal): CancelToken {
  let token = tokens.get(signal);
  if (token === undefined) {
    token = adopt(signal);
    tokens.set(signal, token);
  }
  return token;
}

/** Entries die with their signal; the map is a property of the signal, not state of the library. */
const tokens = new WeakMap<AbortSignal, CancelToken>();

function adopt(signal: AbortSignal): CancelToken {
  const token = new CancelScope();
  if (signal.aborted) token.cancel(signal.reason);
  else signal.addEventListener('abort', () => token.cancel(signal.reason), { once: true });
  return token;
}

/** A hook that is nothing else. */
export function cancelHook(cancelled: (reason: unknown) => void): CancelHook {
  return { cancelled, hookToken: undefined, hookPrevious: undefined, hookNext: undefined };
}
