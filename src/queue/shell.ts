/** The queue at work: takes entries in, starts them as slots come free, lets them leave. */

import type {
  Call,
  Door,
  Entry,
  Lease,
  Outcome,
  Refusal,
  RefusalCode,
  Runtime,
} from '../core/index.ts';
import type { Slots, SlotsLine, Work } from '../core/index.ts';
import { ClosedError, refusalError, stackless, watchCall } from '../core/index.ts';
import { DoorWaiter, SlotPass } from './door.ts';
import { Levels } from './levels.ts';
import type { TaskRoom } from './task.ts';
import { QueueTask } from './task.ts';
import type { Task } from './task.ts';
import type { Waiter } from './waiter.ts';
import type { CloseOptions, CloseReport, WorkQueueSnapshot } from './types.ts';

interface ShellOptions<R> {
  readonly slots: Slots<R>;
  readonly capacity: number;
  readonly name: string;
  readonly runtime: Runtime;
}

type Life = 'open' | 'closing' | 'closed';

export class QueueShell<R> implements Door, TaskRoom, SlotsLine {
  readonly kind = 'queue';
  readonly name: string;
  readonly runtime: Runtime;
  capacity: number;
  private readonly slots: Slots<R>;
  private readonly line = new Levels();
  private readonly attached: Disposable;
  private life: Life = 'open';
  private isPaused = false;
  private isStarting = false;
  private running = 0;
  private entered = 0;
  private started = 0;
  private refused = 0;
  private expired = 0;
  private whenIdle: (() => void)[] = [];
  private closing: Promise<CloseReport> | undefined = undefined;
  private tellClosed: ((report: CloseReport) => void) | undefined = undefined;

  constructor(options: ShellOptions<R>) {
    this.slots = options.slots;
    this.capacity = options.capacity;
    this.name = options.name;
    this.runtime = options.runtime;
    this.attached = this.slots.attach(this);
    this.runtime.enrol({ waiting: () => this.describe() });
  }

  get backlog(): number {
    return this.line.size;
  }

  run<T>(work: Work<T, R>, call?: Call): Promise<T>;
  run<T>(work: Work<T>, call?: Call): Promise<T>;
  run<T>(work: Work<T, R & undefined>, call?: Call): Promise<T> {
    return this.add(work as Work<T, R>, call).promise;
  }

  add<T>(work: Work<T, R>, call: Call = NO_CALL): Task<T> {
    const now = this.runtime.now();
    const task = new QueueTask<T>(this, work as Work<T, unknown>, call, ++this.entered, now);
    task.watch = watchCall(call, task);
    if (task.state !== 'waiting') return task;
    if (this.life !== 'open') {
      task.turnAway(this.closedError());
      return task;
    }
    const answer = this.leaseAtOnce(call, now) ?? this.refusalFor(call, now);
    if (answer === undefined) {
      task.keepContext();
      this.admit(task, now);
    } else if (answer.ok) this.start(task, answer, now);
    else task.turnAway(refusalError(answer));
    return task;
  }

  enter(call: Call, now: number): Entry | Promise<Entry> {
    if (this.life !== 'open') throw this.closedError();
    const rank = ++this.entered;
    const answer = this.leaseAtOnce(call, now) ?? this.refusalFor(call, now);
    if (answer?.ok === true) {
      this.running++;
      this.started++;
      return new SlotPass(this, answer);
    }
    if (answer !== undefined) return answer;
    const waiter = new DoorWaiter(this, call, rank, now);
    waiter.watch = watchCall(call, waiter);
    this.admit(waiter, now);
    return waiter.promise;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.slotFreed(this.runtime.now());
  }

  idle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.whenIdle.push(resolve));
  }

  snapshot(): WorkQueueSnapshot {
    return {
      waiting: this.line.size,
      running: this.running,
      concurrency: this.slots.size,
      capacity: this.capacity,
      isPaused: this.isPaused,
      entered: this.entered,
      started: this.started,
      refused: this.refused,
      expired: this.expired,
    };
  }

  close(options: CloseOptions = {}): Promise<CloseReport> {
    const { graceMs = Infinity } = options;
    this.closing ??= this.shutDown();
    if (graceMs <= 0) this.end();
    else if (graceMs < Infinity && this.life !== 'closed') {
      this.runtime.arm({ alarmId: -1, ring: () => this.end() }, graceMs);
    }
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  slotFreed(now: number): void {
    if (this.isStarting || this.isPaused) return;
    this.isStarting = true;
    try {
      this.startWhatFits(now);
    } finally {
      this.isStarting = false;
    }
    if (this.whenIdle.length > 0 && this.isIdle) this.tellIdle();
  }

  giveBack(lease: Lease<unknown>, outcome: Outcome, detail?: unknown, now?: number): void {
    this.running--;
    lease.release(outcome, detail, now ?? this.runtime.now());
    if (this.whenIdle.length > 0 && this.isIdle) this.tellIdle();
  }

  expire(waiter: Waiter): void {
    this.expired++;
    this.leave(waiter);
    waiter.turnAway(refusalError(this.lateness(waiter.call.deadline)));
  }

  withdraw(waiter: Waiter, reason: unknown): void {
    this.leave(waiter);
    waiter.turnAway(reason);
  }

  reprioritise(task: Waiter, priority: number): boolean {
    if (task.lane === undefined) return false;
    this.line.remove(task);
    task.priority = priority;
    this.line.push(task);
    return true;
  }

  private get isIdle(): boolean {
    return this.line.size === 0 && this.running === 0;
  }

  /** A slot without waiting, where nobody stands before this call and it is not too late for it. */
  private leaseAtOnce(call: Call, now: number): Lease<R> | Refusal | undefined {
    if (this.line.size > 0 || this.isPaused || this.isStarting) return undefined;
    if (call.deadline !== undefined && call.deadline <= now) return undefined;
    return this.slots.tryAcquire(call, now);
  }

  /** Why this call may not wait. */
  private refusalFor(call: Call, now: number): Refusal | undefined {
    if (call.deadline !== undefined && call.deadline <= now) {
      this.expired++;
      return this.lateness(call.deadline);
    }
    if (this.line.size < this.capacity) return undefined;
    this.refused++;
    return this.refusal('ERR_QUEUE_FULL', `${this.line.size} are waiting, as many as may`);
  }

  private admit(waiter: Waiter, now: number): void {
    this.line.push(waiter);
    const { deadline } = waiter.call;
    if (deadline !== undefined) this.runtime.armAt(waiter, deadline);
    this.slots.demandGrew(now);
  }

  private leave(waiter: Waiter): void {
    if (waiter.lane !== undefined) this.line.remove(waiter);
    if (waiter.alarmId >= 0) this.runtime.disarm(waiter);
  }

  private startWhatFits(now: number): void {
    let at = now;
    for (let head = this.line.peek(); head !== undefined; head = this.line.peek()) {
      const waiter = head as Waiter;
      const { deadline } = waiter.call;
      if (deadline !== undefined && deadline <= at) {
        this.expire(waiter);
        continue;
      }
      const answer = this.slots.tryAcquire(waiter.call, at);
      if (answer === undefined) return;
      this.leave(waiter);
      if (answer.ok) this.start(waiter, answer, at);
      else waiter.turnAway(refusalError(answer));
      at = this.runtime.now();
    }
  }

  private start(waiter: Waiter, lease: Lease<R>, now: number): void {
    this.running++;
    this.started++;
    waiter.begin(lease, now);
  }

  private tellIdle(): void {
    const told = this.whenIdle;
    this.whenIdle = [];
    for (const tell of told) tell();
  }

  private refusal(code: RefusalCode, message: string): Refusal {
    return { ok: false, code, policy: this.name, retryAfterMs: 0, message };
  }

  private lateness(deadline: number | undefined): Refusal {
    return this.refusal(
      'ERR_EXPIRED',
      `the deadline (${deadline} ms) passed before a slot was free`,
    );
  }

  private closedError(): ClosedError {
    return stackless(() => new ClosedError(`${this.name} is closed`));
  }

  private shutDown(): Promise<CloseReport> {
    this.life = 'closing';
    const ended = new Promise<CloseReport>((resolve) => (this.tellClosed = resolve));
    void this.idle().then(() => this.end());
    if (this.isPaused) this.resume();
    return ended;
  }

  /** Turns away who still waits, and says so; what runs is left to settle. */
  private end(): void {
    if (this.life === 'closed') return;
    this.life = 'closed';
    const report = { waiting: this.line.size, running: this.running };
    for (let head = this.line.peek(); head !== undefined; head = this.line.peek()) {
      this.leave(head as Waiter);
      (head as Waiter).turnAway(this.closedError());
    }
    this.tellClosed?.(report);
    this.attached[Symbol.dispose]();
  }

  private describe(): string | undefined {
    if (this.isIdle) return undefined;
    const paused = this.isPaused ? ', paused' : '';
    return `queue ${this.name}: ${this.line.size} waiting, ${this.running} running${paused}`;
  }
}

const NO_CALL: Call = Object.freeze({});
