/**
 * One call to many shards, from the first request to the last answer that counts.
 */
import type { Alarm, Call, CancelHook, CancelToken, Runtime, WorkCall } from '../core/index.ts';
import { cancelHook, cancelToken, flightCall, ownSignal, stackless } from '../core/index.ts';
import { TenfoldError, TimeoutError, TOKEN, tokenOf } from '../core/index.ts';
import type { Hedging } from './hedging.ts';

/** What came back. */
export interface Gathered<Target, T> {
  /** Answers by target, in the order of the targets. */
  readonly results: ReadonlyMap<Target, T>;
  /** Targets without an answer, and why: their error, or a TimeoutError. */
  readonly missing: ReadonlyMap<Target, unknown>;
  /** True when anything is missing. */
  readonly partial: boolean;
  /** Requests sent beyond the first to each target. */
  readonly hedges: number;
}

/** Too few shards answered. `cause` is the first failure. */
export class QuorumError extends TenfoldError {
  readonly answered: number;
  readonly needed: number;

  constructor(details: { answered: number; needed: number; of: number }, cause: unknown) {
    const { answered, needed, of } = details;
    super('ERR_QUORUM', `${answered} of ${of} shards answered, ${needed} are needed`, { cause });
    this.answered = answered;
    this.needed = needed;
  }
}

/** Asks one target; `call.attempt` is 2 or more for a hedge, which should go to another replica. */
export type Ask<Target, T> = (target: Target, call: WorkCall) => T | PromiseLike<T>;

/** The rules of a call, checked. */
export interface GatherRules {
  readonly timeoutMs: number;
  readonly quorum: number;
  readonly graceMs: number;
  readonly hedge: Hedging | undefined;
  readonly runtime: Runtime;
}

/** One target: who is still asked, and what came of it. */
interface Part<Target> {
  readonly target: Target;
  readonly attempts: CancelToken[];
  /** Requests that have neither answered nor failed. */
  open: number;
  state: 'asked' | 'answered' | 'failed';
  /** The answer or the error. */
  outcome: unknown;
}

/** The call. It ends once: by the last answer, a time limit, an abort, or too many failures. */
export class Gathering<Target, T> {
  private readonly rules: GatherRules;
  private readonly ask: Ask<Target, T>;
  private readonly call: Call | undefined;
  private readonly parts: readonly Part<Target>[];
  private readonly needed: number;
  private readonly root = cancelToken();
  private readonly hooks: CancelHook[] = [];
  private readonly alarms: Alarm[] = [];
  private startedAt = 0;
  private deadline = Infinity;
  private answered = 0;
  private failed = 0;
  private hedges = 0;
  private firstError: unknown = undefined;
  private ended = false;
  private resolve!: (gathered: Gathered<Target, T>) => void;
  private reject!: (error: unknown) => void;

  constructor(
    rules: GatherRules,
    targets: readonly Target[],
    ask: Ask<Target, T>,
    call: Call | undefined,
  ) {
    this.rules = rules;
    this.ask = ask;
    this.call = call;
    this.parts = targets.map((target) => ({
      ...{ target, attempts: [], open: 0 },
      ...{ state: 'asked', outcome: undefined },
    }));
    this.needed = Math.ceil(rules.quorum * targets.length - 1e-9);
  }

  start(): Promise<Gathered<Target, T>> {
    const promise = new Promise<Gathered<Target, T>>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    const { runtime, hedge, timeoutMs } = this.rules;
    this.startedAt = runtime.now();
    this.deadline = Math.min(this.startedAt + timeoutMs, this.call?.deadline ?? Infinity);
    this.watch();
    if (this.ended) return promise;
    if (this.parts.length === 0) this.succeed();
    // Too late to ask anybody.
    else if (this.deadline <= this.startedAt) this.outOfTime();
    if (this.ended) return promise;
    hedge?.sent(this.parts.length);
    if (this.deadline < Infinity) this.at(this.deadline, () => this.outOfTime());
    if (hedge !== undefined && hedge.delayMs < Infinity) {
      this.at(this.startedAt + hedge.delayMs, () => this.hedgeSlow(hedge));
    }
    for (const part of this.parts) if (!this.ended) void this.request(part, 1);
    return promise;
  }

  private watch(): void {
    const signal = this.call === undefined ? undefined : ownSignal(this.call);
    const tokens = [this.call?.[TOKEN], signal === undefined ? undefined : tokenOf(signal)];
    for (const token of tokens) {
      if (token === undefined || this.ended) continue;
      const hook = cancelHook((reason) => this.fail(reason));
      this.hooks.push(hook);
      token.add(hook);
    }
  }

  private at(time: number, ring: () => void): void {
    const alarm = { alarmId: -1, ring };
    this.alarms.push(alarm);
    this.rules.runtime.armAt(alarm, time);
  }

  private async request(part: Part<Target>, attempt: number): Promise<void> {
    const token = cancelToken();
    this.root.add(token);
    part.attempts.push(token);
    part.open++;
    const deadline = this.deadline === Infinity ? undefined : this.deadline;
    const call = flightCall({ ...this.call, attempt, deadline }, token);
    try {
      const value = await this.ask(part.target, call);
      this.settle(part, 'answered', value);
    } catch (error) {
      part.open--;
      // Where another request to the same shard is open, its answer decides.
      if (part.open === 0) this.settle(part, 'failed', error);
    }
  }

  private settle(part: Part<Target>, state: 'answered' | 'failed', outcome: unknown): void {
    if (this.ended || part.state !== 'asked') return;
    part.state = state;
    part.outcome = outcome;
    const { hedge, runtime, graceMs } = this.rules;
    const now = runtime.now();
    if (state === 'answered') {
      this.answered++;
      hedge?.took(now - this.startedAt);
    } else if (this.failed++ === 0) {
      this.firstError = outcome;
    }
    for (const token of part.attempts) token.cancel(NOT_NEEDED());
    const total = this.parts.length;
    if (total - this.failed < this.needed) this.fail(this.quorumError());
    else if (this.answered + this.failed === total) this.succeed();
    else if (state === 'answered' && this.answered === this.needed) {
      if (graceMs === 0) this.succeed();
      else if (graceMs < Infinity) this.at(now + graceMs, () => this.succeed());
    }
  }

  /** Asks the slow ones again; and once more after the same time, as the second may be slow too. */
  private hedgeSlow(hedge: Hedging): void {
    let more = false;
    for (const part of this.parts) {
      if (this.ended) return;
      const { state, attempts } = part;
      if (state !== 'asked' || attempts.length >= hedge.attempts) continue;
      if (hedge.trySpend()) {
        this.hedges++;
        void this.request(part, attempts.length + 1);
      }
      more ||= attempts.length < hedge.attempts;
    }
    if (more) this.at(this.rules.runtime.now() + hedge.delayMs, () => this.hedgeSlow(hedge));
  }

  private outOfTime(): void {
    if (this.answered >= this.needed) this.succeed();
    else this.fail(this.timeoutError());
  }

  private succeed(): void {
    if (!this.end()) return;
    const results = new Map<Target, T>();
    const missing = new Map<Target, unknown>();
    for (const { target, state, outcome } of this.parts) {
      if (state === 'answered') results.set(target, outcome as T);
      else missing.set(target, state === 'failed' ? outcome : this.timeoutError());
    }
    this.resolve({ results, missing, partial: missing.size > 0, hedges: this.hedges });
  }

  private fail(error: unknown): void {
    if (this.end(error)) this.reject(error);
  }

  /** Stops everything still under way; false when it had ended before. */
  private end(reason?: unknown): boolean {
    if (this.ended) return false;
    this.ended = true;
    const { runtime, hedge } = this.rules;
    for (const alarm of this.alarms) runtime.disarm(alarm);
    for (const hook of this.hooks) hook.hookToken?.remove(hook);
    const elapsedMs = runtime.now() - this.startedAt;
    // A slow request that is dropped took at least so long; left out, the delay would shrink and shrink.
    for (const { state, open } of this.parts) {
      if (state === 'asked' && open > 0) hedge?.took(elapsedMs);
    }
    this.root.cancel(reason ?? NOT_NEEDED());
    return true;
  }

  private quorumError(): QuorumError {
    const { answered, needed, parts } = this;
    return new QuorumError({ answered, needed, of: parts.length }, this.firstError);
  }

  private timeoutError(): TimeoutError {
    const ms = this.rules.runtime.now() - this.startedAt;
    const text = `scatterGather: no answer within ${Math.round(ms)} ms`;
    return stackless(() => new TimeoutError(text, ms));
  }
}

const NOT_NEEDED = (): TenfoldError =>
  stackless(() => new TenfoldError('ERR_NOT_NEEDED', 'the answer is not needed any more'));
