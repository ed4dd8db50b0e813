/**
 * Composition: policies in a row are a policy again, the first outermost.
 *
 * Neighbours that are made of stages (limiters, queues, breakers, time limits) are fused into one
 * flight, which saves a promise and two clock reads per layer. What starts a flight of its own per
 * attempt (retry, hedge) and foreign policies nest.
 */

import type { Call, Policy, Runtime, Stage, Work } from '../core/index.ts';
import { flightRunner, OptionError, systemRuntime } from '../core/index.ts';
import { judgeOrder, stageOf } from './order.ts';

/** A row of policies. */
export interface ComposedPolicy extends Policy {
  /** The policies, flattened, outermost first. */
  readonly policies: readonly Policy[];
  /** Why their order probably does not do what is wanted; each was also reported to the runtime. */
  readonly doubts: readonly string[];
}

/**
 * Composes policies, outermost first. Composing composed policies flattens them. Orders that cannot
 * work are refused; those that usually are a mistake go to `runtime.report`, once, and to `doubts`. To
 * say that one is meant, hide the policy's kind: `{ run: (work, call) => queue.run(work, call) }`.
 *
 * ```ts
 * import { circuitBreaker, compose, timeout, tokenBucket } from 'tenfold';
 *
 * const guard = compose(
 *   tokenBucket({ capacity: 20, refillPerSecond: 10 }),
 *   circuitBreaker(),
 *   timeout({ ms: 300 }),
 * );
 * const answer: string = await guard.run(async () => 'hello');
 * ```
 *
 * @throws OptionError when there is no policy, something has no `run`, a policy stands in the row
 *   twice, or a time limit can never be reached
 */
export function compose(...policies: readonly Policy[]): ComposedPolicy {
  if (policies.length === 0)
    throw new OptionError('compose', 'given at least one policy', undefined);
  policies.forEach((policy, index) => {
    if (typeof policy?.run !== 'function') {
      throw new OptionError(`compose[${index}]`, 'a policy (an object with run)', policy);
    }
  });
  const flat = policies.flatMap((policy) => (isComposed(policy) ? policy.policies : [policy]));
  const { wrong, doubts, names, runtime = systemRuntime() } = judgeOrder(flat);
  if (wrong !== undefined) throw new OptionError('compose', wrong, names);
  for (const doubt of doubts) runtime.report(new Error(doubt), 'compose: doubtful order');
  const runs = segments(flat).map(runOf);
  return { policies: flat, doubts, run: runs.reduceRight((inner, outer) => nest(outer, inner)) };
}

/** Neighbours that can share a flight, in lists of one or more. */
function segments(policies: readonly Policy[]): Policy[][] {
  const found: Policy[][] = [];
  let runtime: Runtime | undefined;
  for (const policy of policies) {
    const stage = stageOf(policy);
    const last = found.at(-1);
    if (last !== undefined && stage !== undefined && stage.runtime === runtime) last.push(policy);
    else found.push([policy]);
    runtime = stage?.runtime;
  }
  return found;
}

function runOf(segment: Policy[]): Policy['run'] {
  const stages: Stage[] = segment.map(stageOf).filter((stage) => stage !== undefined);
  if (stages.length > 1) return flightRunner(stages);
  const only = segment[0] as Policy;
  return (work, call) => only.run(work, call);
}

function nest(outer: Policy['run'], inner: Policy['run']): Policy['run'] {
  return <T>(work: Work<T>, call?: Call): Promise<T> =>
    outer((innerCall) => inner(work, innerCall), call);
}

function isComposed(policy: Policy): policy is ComposedPolicy {
  return Array.isArray((policy as Partial<ComposedPolicy>).policies);
}
