/**
 * The plain form of a flight, for calls that nothing can end before their work does: no time limit in
 * the row and no signal of the caller's own (an outer flight watches that one).
 *
 * It adds one reaction to the promise of the work, and none where no door waits for the end. Functions
 * and closures, because an async function costs a promise and an await more (measured 187 against
 * 140 ns) and a class whose methods the closures call 20 ns more.
 */

import type { Call, FlightCall, Work } from './call.ts';
import { flightCall, TOKEN } from './call.ts';
import type { Door, Entry } from './door.ts';
import { ADMITTED, isPass, isPending, outcomeAtDoor, outcomeOf, refusalError } from './door.ts';
import type { Ending } from './held-pass.ts';
import { endAll, endSome, HeldPass } from './held-pass.ts';
import type { Runtime } from './runtime.ts';
import type { StreamWatcher } from './stream.ts';
import { isStream, watchStream } from './stream.ts';
import { isThenable } from './thenable.ts';

/** Runs `work` behind `doors`, outermost first. Never throws. */
export function flyDirectly<T>(
  doors: readonly Door[],
  runtime: Runtime,
  work: Work<T>,
  call: Call | undefined,
): Promise<T> {
  const inFlight = flightCall(call, call?.[TOKEN]);
  const token = inFlight[TOKEN];
  if (token?.isCancelled === true) return Promise.reject(token.reason);
  let held: HeldPass | undefined;
  try {
    const now = runtime.now();
    for (let i = 0; i < doors.length; i++) {
      const entry = (doors[i] as Door).enter(inFlight, now);
      if (entry === ADMITTED) continue;
      if (isPass(entry)) {
        held = new HeldPass(entry, held);
        continue;
      }
      // Not thrown: to throw and to catch costs more than all else a refusal does.
      if (!isPending(entry)) return crash(refusalError(entry), held, runtime, inFlight);
      return flyOn({ doors, runtime, work, call: inFlight, from: i, held }, entry);
    }
    return land(work(inFlight, undefined), held, runtime, inFlight);
  } catch (error) {
    return crash(error, held, runtime, inFlight);
  }
}

/** A flight that waits at a door. */
interface Waiting<T> {
  readonly doors: readonly Door[];
  readonly runtime: Runtime;
  readonly work: Work<T>;
  readonly call: FlightCall;
  /** Index of the door it waits at. */
  readonly from: number;
  readonly held: HeldPass | undefined;
}

/** The same from a door on that lets calls wait. */
async function flyOn<T>(waiting: Waiting<T>, pending: Promise<Entry>): Promise<T> {
  const { doors, runtime, work, call } = waiting;
  let { held } = waiting;
  let hasBegun = false;
  try {
    let entry: Entry | Promise<Entry> = pending;
    let now = 0;
    for (let next = waiting.from + 1; ; next++) {
      if (isPending(entry)) {
        entry = await entry;
        now = runtime.now();
      }
      if (!entry.ok) throw refusalError(entry);
      if (entry !== ADMITTED) held = new HeldPass(entry, held);
      if (next === doors.length) break;
      entry = (doors[next] as Door).enter(call, now);
    }
    hasBegun = true;
    return land(work(call, undefined), held, runtime, call);
  } catch (error) {
    if (hasBegun) return crash(error, held, runtime, call);
    endAll(held, outcomeAtDoor(error, call[TOKEN]), error, runtime);
    throw error;
  }
}

/** Waits for the work, and tells the doors. */
function land<T>(
  result: T | PromiseLike<T>,
  held: HeldPass | undefined,
  runtime: Runtime,
  call: FlightCall,
): Promise<T> {
  if (held === undefined) return Promise.resolve(result);
  if (!isThenable(result)) return Promise.resolve(arrive(result, held, runtime, call));
  return Promise.resolve(result).then(
    (value) => arrive(value, held, runtime, call),
    (error: unknown) => crash(error, held, runtime, call),
  );
}

function arrive<T>(value: T, held: HeldPass, runtime: Runtime, call: FlightCall): T {
  if (isStream(value)) return watchStream(value, new StreamEnd(held, runtime, call)).answer as T;
  endAll(held, 'success', value, runtime);
  return value;
}

function crash(
  error: unknown,
  held: HeldPass | undefined,
  runtime: Runtime,
  call: FlightCall,
): Promise<never> {
  endAll(held, outcomeOf(error, call[TOKEN]), error, runtime);
  return Promise.reject(error);
}

/** Tells the doors when the stream ends. */
class StreamEnd implements StreamWatcher {
  private readonly held: HeldPass;
  private readonly runtime: Runtime;
  private readonly call: FlightCall;
  private ending: Ending = { outcome: 'success', detail: undefined, told: Infinity };

  constructor(held: HeldPass, runtime: Runtime, call: FlightCall) {
    this.held = held;
    this.runtime = runtime;
    this.call = call;
  }

  asked(): void {
    // Nothing in this form limits the time of an item.
  }

  arrived(): void {
    // As above.
  }

  ended(end: 'success' | 'failure', detail: unknown): void {
    const token = this.call[TOKEN];
    const cut = end === 'failure' || token?.isCancelled === true;
    this.ending = { outcome: cut ? outcomeOf(detail, token) : end, detail, told: Infinity };
    endSome(this.held, 'answered', this.ending, this.runtime);
  }

  quiet(): void {
    endSome(this.held, 'settled', this.ending, this.runtime);
  }
}
