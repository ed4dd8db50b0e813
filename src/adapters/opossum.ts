/**
 * opossum, versions 9 and 10: a breaker of opossum's as a policy, and ours as opossum's metrics
 * packages want to see one.
 */

import type { Call, Policy, Runtime, Work, WorkCall } from '../core/index.ts';
import {
  cancelToken,
  ClosedError,
  flightCall,
  flightRunner,
  optionChecks,
  RejectedError,
  stackless,
  systemRuntime,
  TimeoutError,
  tokenOf,
} from '../core/index.ts';

/** What {@link opossumAction} is called with. */
export type OpossumWork = () => Promise<unknown>;

/** What a policy needs of a breaker of opossum's. */
export interface OpossumPort {
  readonly name: string;
  fire(work: OpossumWork): Promise<unknown>;
  on(event: 'open', listener: () => void): unknown;
  readonly options?: { readonly timeout?: number | false; readonly resetTimeout?: number };
}

export interface OpossumPolicyOptions {
  /** Tells how long the breaker has been open, for `retryAfterMs`; opossum's own clock is the real one. */
  readonly runtime?: Runtime;
}

/** The action to make a breaker with whose work comes with each call. */
export function opossumAction(work: OpossumWork): Promise<unknown> {
  return work();
}

/**
 * Runs work in a breaker of opossum's that was made with {@link opossumAction}, so that it can stand
 * in `compose` beside our policies. What opossum itself says no with becomes this library's errors:
 * `ERR_CIRCUIT_OPEN`, `ERR_CONCURRENCY_LIMITED` (its `capacity`), `ERR_TIMEOUT`, `ERR_CLOSED`. After
 * its time-out the work's signal aborts. A call given up by its caller is answered at once; opossum
 * counts how its work then ends, so let `errorFilter` pass over what is nobody's failure.
 *
 * ```ts
 * import CircuitBreaker from 'opossum';
 * import { compose, retry } from 'tenfold';
 * import { opossumAction, opossumPolicy } from 'tenfold/adapters';
 *
 * const breaker = new CircuitBreaker(opossumAction, { timeout: 3_000 });
 * const guard = compose(retry({ attempts: 3 }), opossumPolicy(breaker));
 * const answer: string = await guard.run(async () => 'done');
 * breaker.shutdown();
 * ```
 *
 * @throws OptionError (`ERR_OPTION`) for what is no breaker of opossum's
 */
export function opossumPolicy(breaker: OpossumPort, options: OpossumPolicyOptions = {}): Policy {
  const check = optionChecks('opossumPolicy');
  check.known(options, ['runtime']);
  check.methods('breaker', breaker, ['fire', 'on']);
  const { runtime = systemRuntime() } = options;
  const refusals = new OpossumRefusals(breaker, runtime);
  const answerAborts = flightRunner([], runtime);
  return {
    run: <T>(work: Work<T>, call?: Call): Promise<T> =>
      answerAborts((whole) => fire(breaker, refusals, work, whole), call),
  };
}

async function fire<T>(
  breaker: OpossumPort,
  refusals: OpossumRefusals,
  work: Work<T>,
  call: WorkCall,
): Promise<T> {
  const scope = cancelToken();
  const parent = tokenOf(call.signal);
  parent.add(scope);
  const failed: unknown[] = [];
  try {
    const answer = await breaker.fire(async () => {
      try {
        return await work(flightCall(call, scope), undefined);
      } catch (error) {
        failed.push(error);
        throw error;
      }
    });
    return answer as T;
  } catch (error) {
    const ours = failed.includes(error) ? error : refusals.translate(error);
    scope.cancel(ours); // does nothing to work that has ended
    throw ours;
  } finally {
    parent.remove(scope);
  }
}

/** Puts opossum's own errors, known by their codes, into this library's words. */
class OpossumRefusals {
  private readonly breaker: OpossumPort;
  private readonly runtime: Runtime;
  /** When it opened last; undefined until it has been seen to. */
  private openedAt: number | undefined = undefined;

  constructor(breaker: OpossumPort, runtime: Runtime) {
    this.breaker = breaker;
    this.runtime = runtime;
    breaker.on('open', () => (this.openedAt = runtime.now()));
  }

  translate(error: unknown): unknown {
    const { name: policy, options } = this.breaker;
    const { code, message } = error as { code?: unknown; message: string };
    switch (code) {
      case 'EOPENBREAKER':
        return this.refusal('ERR_CIRCUIT_OPEN', message, this.msUntilProbe());
      case 'ESEMLOCKED':
        return this.refusal('ERR_CONCURRENCY_LIMITED', message, 0);
      case 'ETIMEDOUT':
        return new TimeoutError(`${policy}: ${message}`, options?.timeout || 0);
      case 'ESHUTDOWN':
        return new ClosedError(`${policy}: ${message}`);
      default:
        return error; // what a fallback threw
    }
  }

  private refusal(
    code: 'ERR_CIRCUIT_OPEN' | 'ERR_CONCURRENCY_LIMITED',
    message: string,
    retryAfterMs: number,
  ): RejectedError {
    const policy = this.breaker.name;
    return stackless(
      () => new RejectedError(code, `${policy}: ${message}`, { policy, retryAfterMs }),
    );
  }

  private msUntilProbe(): number {
    const { resetTimeout } = this.breaker.options ?? {};
    if (this.openedAt === undefined || resetTimeout === undefined) return 0;
    return Math.max(0, this.openedAt + resetTimeout - this.runtime.now());
  }
}
