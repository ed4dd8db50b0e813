/**
 * A flight: one call on its way through a row of stages, its work, and back.
 *
 * One function derives `run` from doors. Two forms share the same meaning:
 *
 * - the *plain* form, an async function, when nothing can end the call before its work does: no time
 *   limit in the row and no signal of the caller's own (an outer flight watches that one);
 * - the *racing* form, a `Flight`, which keeps two moments apart: the caller is answered (by the
 *   work, a time limit or an abort), and the work has settled. Passes marked `untilSettled`, slots
 *   and leases, are held until the second, otherwise a pool of 64 ends with hundreds of calls at a
 *   stalled backend.
 */

import type { Alarm } from './alarm.ts';
import type { Call, FlightCall, Work } from './call.ts';
import { flightCall, ownSignal, TOKEN } from './call.ts';
import type { CancelHook, CancelToken } from './cancellation.ts';
import { cancelHook, CancelScope, tokenOf } from './cancellation.ts';
import type { Door, Entry, Outcome, Pass, Refusal, Stage, TimeLimit } from './door.ts';
import { ADMITTED, refusalError } from './door.ts';
import { isRejectedError, stackless, TimeoutError } from './errors.ts';
import type { Policy } from './policy.ts';
import type { Runtime } from './runtime.ts';

/**
 * Derives `run` from a row of stages, outermost first.
 *
 * @param stages at least one; all on the same runtime
 */
export function flightRunner(stages: readonly Stage[]): Policy['run'] {
  const runtime = (stages[0] as Stage).runtime;
  const doors = stages.filter(isDoor);
  const only = stages.length === 1 ? doors[0] : undefined;
  if (doors.length < stages.length) return (work, call) => race(stages, runtime, work, call);
  if (only !== undefined) {
    return (work, call) =>
      call !== undefined && ownSignal(call) !== undefined
        ? race(stages, runtime, work, call)
        : passOne(only, runtime, work, call);
  }
  return (work, call) =>
    call !== undefined && ownSignal(call) !== undefined
      ? race(stages, runtime, work, call)
      : passAll(doors, runtime, work, call);
}

/** How a call that ended with `error` looks to the doors it had passed. */
export function outcomeOf(error: unknown, token: CancelToken | undefined): Outcome {
  if (token?.isCancelled === true) return 'cancelled';
  return isRejectedError(error) ? 'refused' : 'failure';
}

/** True for an answer that is still to come. */
export function isPending(entry: Entry | Promise<Entry>): entry is Promise<Entry> {
  return (entry as Entry).ok === undefined;
}

function isDoor(stage: Stage): stage is Door {
  return 'enter' in stage;
}

async function passOne<T>(
  door: Door,
  runtime: Runtime,
  work: Work<T>,
  call: Call | undefined,
): Promise<T> {
  const inFlight = flightCall(call, call?.[TOKEN]);
  throwIfCancelled(inFlight[TOKEN]);
  let entry = door.enter(inFlight, runtime.now());
  if (isPending(entry)) entry = await entry;
  if (!entry.ok) throw refusalError(entry);
  let value: T;
  try {
    value = await work(inFlight, undefined);
  } catch (error) {
    entry.done(outcomeOf(error, inFlight[TOKEN]), error, runtime.now());
    throw error;
  }
  if (entry !== ADMITTED) entry.done('success', value, runtime.now());
  return value;
}

async function passAll<T>(
  doors: readonly Door[],
  runtime: Runtime,
  work: Work<T>,
  call: Call | undefined,
): Promise<T> {
  const inFlight = flightCall(call, call?.[TOKEN]);
  throwIfCancelled(inFlight[TOKEN]);
  const passes: Pass[] = [];
  let value: T;
  try {
    let now = runtime.now();
    for (const door of doors) {
      let entry = door.enter(inFlight, now);
      if (isPending(entry)) {
        entry = await entry;
        now = runtime.now();
      }
      if (!entry.ok) throw refusalError(entry);
      if (entry !== ADMITTED) passes.push(entry);
    }
    value = await work(inFlight, undefined);
  } catch (error) {
    endPasses(passes, outcomeOf(error, inFlight[TOKEN]), error, runtime);
    throw error;
  }
  endPasses(passes, 'success', value, runtime);
  return value;
}

function throwIfCancelled(token: CancelToken | undefined): void {
  if (token?.isCancelled === true) throw token.reason;
}

/** Innermost first. */
function endPasses(passes: Pass[], outcome: Outcome, detail: unknown, runtime: Runtime): void {
  if (passes.length === 0) return;
  const now = runtime.now();
  for (let i = passes.length - 1; i >= 0; i--) (passes[i] as Pass).done(outcome, detail, now);
}

function race<T>(
  stages: readonly Stage[],
  runtime: Runtime,
  work: Work<T>,
  call: Call | undefined,
): Promise<T> {
  return new Flight(stages, runtime, work, call).start();
}

/** `waiting`: at a door. `working`: the work runs. `settled`: nothing runs any more. */
type Phase = 'waiting' | 'working' | 'settled';

class Flight<T> extends CancelScope implements Alarm {
  alarmId = -1;
  private readonly stages: readonly Stage[];
  private readonly runtime: Runtime;
  private readonly work: Work<T>;
  private readonly call: FlightCall;
  private readonly passes: Pass[] = [];
  private phase: Phase = 'waiting';
  private answered = false;
  /** How the call ended for passes that are held until the work settles. */
  private lateOutcome: Outcome = 'success';
  private lateDetail: unknown = undefined;
  /** The nearest time limit, when it is reached, and how many passes lie outside it. */
  private limit: TimeLimit | undefined = undefined;
  private limitAt = Infinity;
  private passesOutside = 0;
  /** The caller's own signal, where it came beside the token of an outer flight. */
  private signalHook: CancelHook | undefined = undefined;
  private resolve!: (value: T) => void;
  private reject!: (error: unknown) => void;

  constructor(stages: readonly Stage[], runtime: Runtime, work: Work<T>, call: Call | undefined) {
    super();
    this.stages = stages;
    this.runtime = runtime;
    this.work = work;
    this.call = flightCall(call, this);
    if (call !== undefined) this.watch(call);
  }

  start(): Promise<T> {
    const promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    if (this.isCancelled) {
      this.phase = 'settled';
      this.answered = true;
      this.reject(this.reason);
    } else {
      this.enterFrom(0, this.runtime.now());
    }
    return promise;
  }

  /** The caller, or the flight outside this one, gave up. */
  override cancelled(reason: unknown): void {
    if (this.resolve !== undefined) this.answer('cancelled', reason, 0);
    this.cancel(reason);
  }

  /** The time limit was reached, or the work that ignored its signal is given up. */
  ring(): void {
    if (this.answered) {
      this.settle();
      return;
    }
    const limit = this.limit as TimeLimit;
    const ms = limit.limitMs;
    const error = stackless(() => new TimeoutError(`${limit.name}: no answer within ${ms} ms`, ms));
    this.answer('failure', error, this.passesOutside);
    this.cancel(error);
    if (this.phase === 'working' && limit.abandonAfterMs !== Infinity) {
      this.runtime.arm(this, limit.abandonAfterMs);
    }
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

  private enterFrom(index: number, from: number): void {
    try {
      for (let i = index; i < this.stages.length; i++) {
        const stage = this.stages[i] as Stage;
        if (!('enter' in stage)) {
          this.bound(stage, from);
          continue;
        }
        const entry = stage.enter(this.call, from);
        if (isPending(entry)) {
          void this.wait(i, entry);
          return;
        }
        if (!entry.ok) {
          this.fail(refusalError(entry));
          return;
        }
        if (entry !== ADMITTED) this.passes.push(entry);
      }
      this.launch();
    } catch (error) {
      this.fail(error);
    }
  }

  private async wait(index: number, pending: Promise<Entry>): Promise<void> {
    let entry: Pass | Refusal;
    try {
      entry = await pending;
    } catch (error) {
      this.fail(error);
      return;
    }
    if (!entry.ok) {
      this.fail(refusalError(entry));
      return;
    }
    if (this.answered) {
      // The limit or an abort answered between the door's yes and this turn.
      entry.done('cancelled', this.lateDetail, this.runtime.now());
      this.settle();
      return;
    }
    this.passes.push(entry);
    this.enterFrom(index + 1, this.runtime.now());
  }

  private bound(limit: TimeLimit, now: number): void {
    const at = Math.min(now + limit.limitMs, this.call.deadline ?? Infinity);
    this.call.deadline = at;
    if (at >= this.limitAt) return;
    this.limit = limit;
    this.limitAt = at;
    this.passesOutside = this.passes.length;
    this.runtime.armAt(this, at);
  }

  private launch(): void {
    this.phase = 'working';
    const result = this.work(this.call, undefined);
    void this.follow(result);
  }

  private async follow(result: T | PromiseLike<T>): Promise<void> {
    let value: T;
    try {
      value = await result;
    } catch (error) {
      this.fail(error);
      return;
    }
    if (!this.answered) {
      this.answer('success', value, this.passes.length);
      this.resolve(value);
    }
    this.settle();
  }

  /** A door, or the work, ended the flight with an error. */
  private fail(error: unknown): void {
    if (!this.answered) this.answer(outcomeOf(error, this), error, this.passes.length);
    this.settle();
  }

  /**
   * Answers the caller, once.
   *
   * @param passesTold how many passes, from the outside, see `outcome`; those further in saw the
   *   call cancelled
   */
  private answer(outcome: Outcome, detail: unknown, passesTold: number): void {
    if (this.answered) return;
    this.answered = true;
    this.lateOutcome = outcome;
    this.lateDetail = detail;
    this.hookToken?.remove(this);
    this.signalHook?.hookToken?.remove(this.signalHook);
    if (this.alarmId >= 0) this.runtime.disarm(this);
    if (this.passes.length > 0) this.endAnswered(outcome, detail, passesTold);
    if (outcome !== 'success') this.reject(detail);
  }

  private endAnswered(outcome: Outcome, detail: unknown, passesTold: number): void {
    const now = this.runtime.now();
    for (let i = this.passes.length - 1; i >= 0; i--) {
      const pass = this.passes[i] as Pass;
      if (pass.untilSettled === true) continue;
      pass.done(i < passesTold ? outcome : 'cancelled', detail, now);
    }
  }

  /** Nothing runs any more: gives back what was held so long. */
  private settle(): void {
    if (this.phase === 'settled') return;
    this.phase = 'settled';
    if (this.alarmId >= 0) this.runtime.disarm(this);
    let now = -1;
    for (let i = this.passes.length - 1; i >= 0; i--) {
      const pass = this.passes[i] as Pass;
      if (pass.untilSettled !== true) continue;
      if (now < 0) now = this.runtime.now();
      pass.done(this.lateOutcome, this.lateDetail, now);
    }
  }
}
