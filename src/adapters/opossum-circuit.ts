/** Our breaker as opossum's metrics packages (opossum-prometheus and its like) want to see one. */

import { EventEmitter } from 'node:events';
import type { CircuitBreaker } from '../breaker/index.ts';
import type { Call, Door, Entry, Outcome, Pass, Policy, Staged } from '../core/index.ts';
import { flightRunner, isPending, optionChecks, refusalError, STAGE } from '../core/index.ts';

/** The events of opossum's that a breaker of ours has, and what their listeners get. */
export interface OpossumEvents {
  fire: [args: readonly unknown[]];
  success: [value: unknown, latencyMs: number];
  failure: [error: unknown, latencyMs: number];
  timeout: [error: unknown, latencyMs: number];
  reject: [error: unknown];
  open: [];
  halfOpen: [];
  close: [];
  shutdown: [];
}

export type OpossumEvent = keyof OpossumEvents;

const EVENTS: readonly OpossumEvent[] = Object.freeze([
  'fire',
  'success',
  'failure',
  'timeout',
  'reject',
  'open',
  'halfOpen',
  'close',
  'shutdown',
]);

export interface OpossumCircuitOptions {
  /** Under which metrics of several breakers are gathered. @default the breaker's name */
  readonly group?: string;
}

/** A policy that runs its work in a breaker of ours, and tells of it in opossum's words. */
export interface OpossumCircuit extends Policy, Staged {
  readonly name: string;
  readonly group: string;
  readonly opened: boolean;
  readonly halfOpen: boolean;
  readonly closed: boolean;
  /** All events it may have, whether anybody listens or not. */
  eventNames(): OpossumEvent[];
  on<E extends OpossumEvent>(event: E, listener: (...details: OpossumEvents[E]) => void): this;
  once<E extends OpossumEvent>(event: E, listener: (...details: OpossumEvents[E]) => void): this;
  off<E extends OpossumEvent>(event: E, listener: (...details: OpossumEvents[E]) => void): this;
  /** Tells of `shutdown`, and of nothing afterwards; the breaker goes on. */
  shutdown(): void;
}

/**
 * Puts a breaker of ours into opossum's clothes: run the calls through what this returns (alone or in
 * `compose`), and hand it to the metrics package that expects a breaker of opossum's. Listeners get
 * opossum's details: `success` the value and the latency in ms, `failure` and `timeout` the error and
 * the latency, `reject` the error. A failure is what the work failed with, whatever the breaker makes
 * of it. What a listener throws goes to `runtime.report`.
 *
 * ```ts
 * import { circuitBreaker } from 'tenfold';
 * import { opossumCircuit } from 'tenfold/adapters';
 *
 * const circuit = opossumCircuit(circuitBreaker({ name: 'billing' }), { group: 'payments' });
 * circuit.on('success', (_value: unknown, latencyMs: number) => console.log(latencyMs >= 0));
 * await circuit.run(async () => 'paid'); // true
 * ```
 *
 * @throws OptionError (`ERR_OPTION`) for an option out of range
 */
export function opossumCircuit(
  breaker: CircuitBreaker,
  options: OpossumCircuitOptions = {},
): OpossumCircuit {
  const check = optionChecks('opossumCircuit');
  check.known(options, ['group']);
  return new Circuit(breaker, check.text('group', options.group ?? breaker.name));
}

class Circuit extends EventEmitter implements OpossumCircuit, Door {
  readonly name: string;
  readonly group: string;
  readonly kind = 'breaker';
  readonly runtime: Door['runtime'];
  readonly run: Policy['run'];
  private readonly breaker: CircuitBreaker;
  private readonly door: Door;
  private readonly transitions: Disposable;

  constructor(breaker: CircuitBreaker, group: string) {
    super();
    this.breaker = breaker;
    this.door = breaker[STAGE] as Door;
    this.name = breaker.name;
    this.group = group;
    this.runtime = this.door.runtime;
    this.run = flightRunner([this]);
    this.transitions = breaker.on('transition', ({ from, to }) => {
      const name = nameOf(to);
      if (name !== nameOf(from)) this.tell(name);
    });
  }

  get [STAGE](): Door {
    return this;
  }

  get opened(): boolean {
    return nameOf(this.breaker.state) === 'open';
  }

  get halfOpen(): boolean {
    return nameOf(this.breaker.state) === 'halfOpen';
  }

  get closed(): boolean {
    return nameOf(this.breaker.state) === 'close';
  }

  override eventNames(): OpossumEvent[] {
    return [...EVENTS];
  }

  enter(call: Call, now: number): Entry | Promise<Entry> {
    this.tell('fire', [call]);
    const entry = this.door.enter(call, now);
    return isPending(entry)
      ? entry.then((settled) => this.watched(settled, now))
      : this.watched(entry, now);
  }

  shutdown(): void {
    this.transitions[Symbol.dispose]();
    this.tell('shutdown');
    this.removeAllListeners();
  }

  ended(outcome: Outcome, detail: unknown, latencyMs: number): void {
    if (outcome === 'success') this.tell('success', detail, latencyMs);
    if (outcome !== 'failure') return;
    if ((detail as { code?: unknown } | undefined)?.code === 'ERR_TIMEOUT') {
      this.tell('timeout', detail, latencyMs);
    }
    this.tell('failure', detail, latencyMs);
  }

  private watched(entry: Entry, now: number): Entry {
    if (entry.ok) return new WatchedPass(this, entry, now);
    this.tell('reject', refusalError(entry));
    return entry;
  }

  private tell<E extends OpossumEvent>(event: E, ...details: OpossumEvents[E]): void {
    try {
      this.emit(event, ...details);
    } catch (error) {
      this.runtime.report(error, `${this.name}: listener of '${event}'`);
    }
  }
}

/** Opossum has three states; whoever lets all calls pass is closed. */
function nameOf(state: CircuitBreaker['state']): 'open' | 'halfOpen' | 'close' {
  if (state === 'open' || state === 'forced-open') return 'open';
  return state === 'half-open' || state === 'ramping' ? 'halfOpen' : 'close';
}

class WatchedPass implements Pass {
  readonly ok = true;
  readonly untilSettled: boolean;
  private readonly circuit: Circuit;
  private readonly pass: Pass;
  private readonly startedAt: number;

  constructor(circuit: Circuit, pass: Pass, startedAt: number) {
    this.circuit = circuit;
    this.pass = pass;
    this.startedAt = startedAt;
    this.untilSettled = pass.untilSettled === true;
  }

  done(outcome: Outcome, detail?: unknown, now: number = this.circuit.runtime.now()): void {
    this.pass.done(outcome, detail, now);
    this.circuit.ended(outcome, detail, now - this.startedAt);
  }
}
