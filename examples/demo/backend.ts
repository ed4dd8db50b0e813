/**
 * The model backend behind all wirings: a number of machines that share out the calls in flight. The
 * more calls a machine works on at once, the slower each of them gets, as published (see
 * service-time.ts); beyond the largest batch measured they only share what there is. For a few bad
 * minutes most machines are gone. Nothing tells the callers but how long their answers take, and
 * that the gateway gives up on a call after a minute.
 */
import type { Runtime, WorkCall } from 'tenfold';
import type { Alarm, Cancellable, CallWatch } from 'tenfold/core';
import { stableHeap, watchCall } from 'tenfold/core';
import { type ModelSpeed, speedAtBatch } from './service-time.ts';

/** When the backend is bad. */
export interface BadInterval {
  /** Start and end, ms from the start of the trace. */
  readonly from: number;
  readonly to: number;
}

/** What a backend consists of. */
export interface BackendOptions {
  readonly speed: ModelSpeed;
  /** Machines while all is well; a fraction is a share of one. */
  readonly machines: number;
  readonly bad: BadInterval | undefined;
}

/** Share of the machines left in the bad interval. */
export const BAD_CAPACITY = 0.1;
/** When the gateway gives up, ms: the usual read time-out of a reverse proxy. */
export const GATEWAY_LIMIT_MS = 60_000;

/** What the gateway answers in the end. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
}

/** The backend. */
export interface Backend {
  /** Resolves when a call that takes `serviceMs` on a healthy backend is answered. */
  answer(serviceMs: number, call: WorkCall): Promise<void>;
}

/** Makes the backend; its time begins now. */
export function backend(runtime: Runtime, options: BackendOptions): Backend {
  return new SharedBackend(runtime, options);
}

/** A rounding error, in ms of service: calls that near to their end are done. */
const DONE_WITHIN = 1e-6;

class SharedBackend implements Backend, Alarm {
  alarmId = -1;
  private readonly runtime: Runtime;
  private readonly speed: ModelSpeed;
  /** Calls by the progress at which each is done. */
  private readonly calls = stableHeap<ModelCall>();
  private machines: number;
  /** Service that a call present from the start would have had, ms; moves on at the common speed. */
  private progress = 0;
  /** Service per unit of time that each call in flight has; 1 at the reference batch. */
  private pace = 1;
  private since: number;

  constructor(runtime: Runtime, { speed, machines, bad }: BackendOptions) {
    this.runtime = runtime;
    this.speed = speed;
    this.machines = machines;
    this.since = runtime.now();
    if (bad === undefined) return;
    this.change(bad.from, machines * BAD_CAPACITY);
    this.change(bad.to, machines);
  }

  answer(serviceMs: number, call: WorkCall): Promise<void> {
    this.catchUp();
    return new Promise((resolve, reject) => {
      const done = { resolve, reject };
      const entered = new ModelCall(this, done);
      entered.place = this.calls.push(this.progress + serviceMs, entered);
      this.runtime.arm(entered, GATEWAY_LIMIT_MS);
      entered.watch = watchCall(call, entered);
      this.arm();
    });
  }

  /** Takes a call out, answered or given up. */
  leave(call: ModelCall): void {
    this.catchUp();
    this.calls.remove(call.place);
    this.runtime.disarm(call);
    this.arm();
  }

  /** The first call is done. */
  ring(): void {
    this.catchUp();
    while (this.calls.peekKey() <= this.progress + DONE_WITHIN) {
      const call = this.calls.pop() as ModelCall;
      this.runtime.disarm(call);
      call.finish();
    }
    this.arm();
  }

  private catchUp(): void {
    const now = this.runtime.now();
    this.progress += (now - this.since) * this.pace;
    this.since = now;
  }

  /** After every change: everybody's speed, and when the first call will be done. */
  private arm(): void {
    this.pace = speedAtBatch(this.speed, this.calls.size / this.machines);
    const left = this.calls.peekKey() - this.progress;
    if (left === Infinity) this.runtime.disarm(this);
    else this.runtime.arm(this, Math.max(0, left) / this.pace);
  }

  private change(inMs: number, machines: number): void {
    const ring = (): void => {
      this.catchUp();
      this.machines = machines;
      this.arm();
    };
    this.runtime.arm({ alarmId: -1, background: true, ring }, inMs);
  }
}

interface Done {
  resolve(): void;
  reject(reason: unknown): void;
}

/** A call in flight; as an alarm it is the gateway's patience. */
class ModelCall implements Alarm, Cancellable {
  alarmId = -1;
  place = -1;
  watch: CallWatch | undefined = undefined;
  private readonly owner: SharedBackend;
  private readonly done: Done;

  constructor(owner: SharedBackend, done: Done) {
    this.owner = owner;
    this.done = done;
  }

  finish(): void {
    this.watch?.end();
    this.done.resolve();
  }

  ring(): void {
    this.owner.leave(this);
    this.watch?.end();
    this.done.reject(new GatewayError('504 gateway timeout'));
  }

  cancelled(reason: unknown): void {
    this.owner.leave(this);
    this.done.reject(reason);
  }
}
