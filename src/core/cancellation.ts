/**
 * Cancellation inside the library: a light token that makes an `AbortSignal` only when somebody
 * reads `signal` (an AbortController costs more than a whole stack of policies), and that gives a
 * caller's signal one listener however many calls share it.
 *
 * Tokens form a tree. Hooks (children and waiting entries) hang in an intrusive doubly linked list,
 * so that adding and removing one is O(1) and allocates nothing.
 */

import { OptionError } from './errors.ts';

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

/**
 * What a scope consists of. A flight is its own token and keeps these in fields of its own: an object
 * whose class derives from another costs 22 ns more to make (V8 11), which every call would pay.
 */
export interface ScopeState extends CancelToken {
  isCancelled: boolean;
  reason: unknown;
  firstHook: CancelHook | undefined;
  controller: AbortController | undefined;
}

/** @see CancelToken.signal */
export function signalOf(scope: ScopeState): AbortSignal {
  if (scope.controller === undefined) {
    scope.controller = new AbortController();
    if (scope.isCancelled) scope.controller.abort(scope.reason);
  }
  return scope.controller.signal;
}

/** @see CancelToken.cancel */
export function cancelScope(scope: ScopeState, reason: unknown): void {
  if (scope.isCancelled) return;
  scope.isCancelled = true;
  scope.reason = reason;
  scope.controller?.abort(reason);
  for (let hook = scope.firstHook; hook !== undefined; hook = scope.firstHook) {
    removeHook(scope, hook);
    hook.cancelled(reason);
  }
}

/** @see CancelToken.add */
export function addHook(scope: ScopeState, hook: CancelHook): void {
  if (scope.isCancelled) {
    hook.cancelled(scope.reason);
    return;
  }
  hook.hookToken = scope;
  hook.hookPrevious = undefined;
  hook.hookNext = scope.firstHook;
  if (scope.firstHook !== undefined) scope.firstHook.hookPrevious = hook;
  scope.firstHook = hook;
}

/** @see CancelToken.remove */
export function removeHook(scope: ScopeState, hook: CancelHook): void {
  if (hook.hookToken !== scope) return;
  if (hook.hookPrevious === undefined) scope.firstHook = hook.hookNext;
  else hook.hookPrevious.hookNext = hook.hookNext;
  if (hook.hookNext !== undefined) hook.hookNext.hookPrevious = hook.hookPrevious;
  hook.hookToken = undefined;
  hook.hookPrevious = undefined;
  hook.hookNext = undefined;
}

class CancelScope implements ScopeState {
  isCancelled = false;
  reason: unknown = undefined;
  firstHook: CancelHook | undefined = undefined;
  controller: AbortController | undefined = undefined;
  hookToken: CancelToken | undefined = undefined;
  hookPrevious: CancelHook | undefined = undefined;
  hookNext: CancelHook | undefined = undefined;

  get signal(): AbortSignal {
    return signalOf(this);
  }

  cancel(reason: unknown): void {
    cancelScope(this, reason);
  }

  cancelled(reason: unknown): void {
    cancelScope(this, reason);
  }

  add(hook: CancelHook): void {
    addHook(this, hook);
  }

  remove(hook: CancelHook): void {
    removeHook(this, hook);
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
  if (typeof signal.addEventListener !== 'function') {
    throw new OptionError('call.signal', 'an AbortSignal', signal);
  }
  const token = cancelToken();
  if (signal.aborted) token.cancel(signal.reason);
  else signal.addEventListener('abort', () => token.cancel(signal.reason), { once: true });
  return token;
}

/** A hook that is nothing else. */
export function cancelHook(cancelled: (reason: unknown) => void): CancelHook {
  return { cancelled, hookToken: undefined, hookPrevious: undefined, hookNext: undefined };
}
