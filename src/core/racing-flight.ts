/**
 * The racing form of a flight, for calls that a time limit or an abort can end before their work does.
 *
 * It keeps two moments apart: the caller is answered (by the work, a limit or an abort), and the work
 * has settled. Passes marked `untilSettled`, slots and leases, are held until the second, otherwise a
 * pool of 64 ends with hundreds of calls at a stalled backend.
 */

import type { Alarm } from './alarm.ts';
import type { Call, FlightCall, Work } from './call.ts';
import { flightCall, ownSignal, TOKEN } from './call.ts';
import type { CancelHook, CancelToken, ScopeState } from './cancellation.ts';
import { addHook, cancelHook, cancelScope, removeHook, signalOf, tokenOf } from './cancellation.ts';
import type { Entry, Outcome, TimeLimit } from './door.ts';
import { ADMITTED, isPass, isPending, outcomeOf, refusalError } from './door.ts';
import type { Ending } from './held-pass.ts';
import { endAll, endSome, HeldPass } from './held-pass.ts';
import type { Runtime } from './runtime.ts';
import type { Step } from './step.ts';
import type { StreamWatcher, WatchedStream } from './stream.ts';
import { isStream, watchStream } from './stream.ts';
import { isThenable } from './thenable.ts';
import { TimeBounds } from './time-bounds.ts';

/** Runs `work` behind `steps`, outermost first. Never throws. */
export function flyRacing<T>(
  steps: readonly Step[],
  runtime: Runtime,
  work: Work<T>,
  call: Call | undefined,
): Promise<T> {
  return new RacingFlight(steps, runtime, work, call).start();
}

/** `waiting`: at a door. `working`: the work, or its stream, runs. `settled`: nothing runs any more. */
type Phase = 'waiting' | 'working' | 'settled';

class RacingFlight<T> implements ScopeState, Alarm, StreamWatcher {
  isCancelled = false;
  reason: unknown = undefined;
  firstHook: CancelHook | undefined = undefined;
  controller: AbortController | undefined = undefined;
  hookToken: CancelToken | undefined = undefined;
  hookPrevious: CancelHook | undefined = undefined;
  hookNext: CancelHook | undefined = undefined;
  alarmId = -1;
  private readonly steps: readonly Step[];
  private readonly runtime: Runtime;
  private readonly work: Work<T>;
  private readonly call: FlightCall;
  private phase: Phase = 'waiting';
  private held: HeldPass | undefined = undefined;
  private bounds: TimeBounds | undefined = undefined;
  /** How the call ended for its caller; set before the work has settled. */
  private ending: Ending | undefined = undefined;
  private stream: WatchedStream | undefined = undefined;
  /** The caller's own signal, where it came beside the token of an outer flight. */
  private signalHook: CancelHook | undefined = undefined;
  private resolve!: (value: T) => void;
  private reject!: (error: unknown) => void;

  constructor(steps: readonly Step[], runtime: Runtime, work: Work<T>, call: Call | undefined) {
    this.steps = steps;
    this.runtime = runtime;
    this.work = work;
    this.call = flightCall(call, this);
    if (call !== undefined) this.watch(call);
  }

  start(): Promise<T> {
    if (this.isCancelled) return Promise.reject(this.reason);
    const promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.enterFrom(0, this.runtime.now());
    return promise;
  }

  get signal(): AbortSignal {
    return signalOf(this);
  }

  cancel(reason: unknown): void {
    cancelScope(this, reason);
  }

  add(hook: CancelHook): void {
    addHook(this, hook);
  }

  remove(hook: CancelHook): void {
    removeHook(this, hook);
  }

  /** The caller, or the flight outside this one, gave up. */
  cancelled(reason: unknown): void {
    if (this.resolve === undefined) this.cancel(reason);
    else this.giveUp({ outcome: 'cancelled', detail: reason, told: 0 });
  }

  /** A limit was passed, or the work that ignored its signal is given up. */
  ring(): void {
    if (this.ending !== undefined) this.settle();
    else this.giveUp((this.bounds as TimeBounds).ending());
  }

  asked(): void {
    if (this.bounds?.items === undefined) return;
    this.bounds.items.asked(this.runtime.now());
    this.rearm(this.bounds);
  }

  arrived(): void {
    if (this.bounds?.items === undefined) return;
    this.bounds.items.arrived();
    this.rearm(this.bounds);
  }

  ended(end: 'success' | 'failure', detail: unknown): void {
    if (this.ending !== undefined) return;
    const outcome = end === 'success' ? end : outcomeOf(detail, this);
    this.answered({ outcome, detail, told: Infinity });
  }

  quiet(): void {
    this.settle();
  }

  private watch(call: Call): void {
    const parent = call[TOKEN];
    const signal = ownSignal(call);
    if (parent === undefined) {
      if (signal !== undefined) tokenOf(signal).add(this);
      return;
    }
    parent.add(this);
    if (signal === undefined || this.isCancelled) return;
    this.signalHook = cancelHook((reason) => this.cancelled(reason));
    tokenOf(signal).add(this.signalHook);
  }

  private unwatch(): void {
    this.hookToken?.remove(this);
    this.signalHook?.hookToken?.remove(this.signalHook);
    if (this.alarmId >= 0) this.runtime.disarm(this);
  }

  private enterFrom(index: number, from: number): void {
    try {
      for (let i = index; i < this.steps.length; i++) {
        const { door, limit } = this.steps[i] as Step;
        if (door === undefined) {
          if (this.bound(limit as TimeLimit, from)) continue;
          return;
        }
        const entry = door.enter(this.call, from);
        if (entry === ADMITTED) continue;
        if (isPass(entry)) {
          this.held = new HeldPass(entry, this.held);
          continue;
        }
        if (isPending(entry)) void this.wait(i, entry);
        else this.fail(refusalError(entry));
        return;
      }
      this.launch();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Continues behind a door that lets calls wait, in the caller's own async context. */
  private async wait(index: number, pending: Promise<Entry>): Promise<void> {
    try {
      const entry = await pending;
      if (!entry.ok) throw refusalError(entry);
      if (entry !== ADMITTED) this.held = new HeldPass(entry, this.held);
    } catch (error) {
      this.fail(error);
      return;
    }
    // A limit or an abort may have answered between the door's yes and this turn.
    if (this.ending !== undefined) this.leave();
    else this.enterFrom(index + 1, this.runtime.now());
  }

  /** The door said yes to a caller who has gone. */
  private leave(): void {
    const late = this.held as HeldPass;
    this.held = late.outer;
    endAll(new HeldPass(late.pass, undefined), 'refused', this.ending?.detail, this.runtime);
    this.settle();
  }

  /** Takes in a time limit; false when it has been passed already. */
  private bound(limit: TimeLimit, now: number): boolean {
    this.bounds ??= new TimeBounds(now);
    const passes = this.held === undefined ? 0 : this.held.depth + 1;
    const deadline = this.bounds.add(limit, now, passes, this.call.deadline);
    if (deadline !== Infinity) this.call.deadline = deadline;
    if (this.bounds.nextAt() > now) {
      this.rearm(this.bounds);
      return true;
    }
    this.ring();
    this.settle();
    return false;
  }

  private launch(): void {
    this.phase = 'working';
    const result = this.work(this.call, undefined);
    if (!isThenable(result)) {
      this.arrive(result);
      return;
    }
    Promise.resolve(result).then(
      (value) => this.arrive(value),
      (error: unknown) => this.fail(error),
    );
  }

  /** The work answered. */
  private arrive(value: T): void {
    if (isStream(value)) this.follow(value);
    else if (this.ending !== undefined) this.settle();
    else {
      this.finish('success', value);
      this.resolve(value);
    }
  }

  /** The work answered with a stream; where nobody waits for it any more, it is closed. */
  private follow(source: AsyncIterable<unknown>): void {
    this.stream = watchStream(source, this);
    if (this.ending !== undefined) {
      this.stream.stop(this.ending.detail);
      return;
    }
    if (this.bounds?.items !== undefined) {
      this.bounds.items.handedOut(this.runtime.now());
      this.rearm(this.bounds);
    }
    this.resolve(this.stream.answer as T);
  }

  /** A door, or the work, ended the flight with an error. */
  private fail(error: unknown): void {
    if (this.ending !== undefined) {
      this.settle();
      return;
    }
    this.finish(outcomeOf(error, this), error);
    this.reject(error);
  }

  /** Answered and settled at once, which is the usual end. */
  private finish(outcome: Outcome, detail: unknown): void {
    this.unwatch();
    this.phase = 'settled';
    endAll(this.held, outcome, detail, this.runtime);
  }

  /** The caller is not served by the work any more. */
  private giveUp(ending: Ending): void {
    if (this.ending !== undefined || this.phase === 'settled') return;
    const isTurnedAway = this.phase === 'waiting' && ending.outcome === 'cancelled';
    this.answered(isTurnedAway ? { ...ending, outcome: 'refused' } : ending);
    this.reject(ending.detail);
    this.stream?.stop(ending.detail);
    this.cancel(ending.detail);
  }

  private answered(ending: Ending): void {
    this.ending = ending;
    this.unwatch();
    endSome(this.held, 'answered', ending, this.runtime);
    const abandonAfterMs = this.bounds?.abandonAfterMs ?? Infinity;
    if (this.phase === 'working' && abandonAfterMs !== Infinity) {
      this.runtime.arm(this, abandonAfterMs);
    }
  }

  /** Nothing runs any more: gives back what was held so long. */
  private settle(): void {
    if (this.phase === 'settled') return;
    this.phase = 'settled';
    if (this.alarmId >= 0) this.runtime.disarm(this);
    endSome(this.held, 'settled', this.ending as Ending, this.runtime);
  }

  private rearm(bounds: TimeBounds): void {
    const at = bounds.nextAt();
    if (at === Infinity) this.runtime.disarm(this);
    else this.runtime.armAt(this, at);
  }
}
