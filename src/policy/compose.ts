/**
 * Composition: policies in a row are a policy again, the first outermost.
 *
 * Neighbours that are made of stages (limiters, queues, breakers, time limits) are fused into one
 * flight, which saves a promise and two clock reads per layer. What starts a flight of its own per
 * attempt (retry, hedge) and foreign policies nest.
 */

import type { Call, Policy, Runtime, Stage, Staged, Work } from '../core/index.ts';
import { flightRunner, OptionError, STAGE } from '../core/index.ts';

/** A row of policies; `policies` shows them flattened, outermost first. */
export interface ComposedPolicy extends Policy {
  readonly policies: readonly Policy[];
}

/**
 * Composes policies, outermost first. Composing composed policies flattens them.
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
 * @throws OptionError when there is no policy, or something has no `run`
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
  const runs = segments(flat).map(runOf);
  return { policies: flat, run: runs.reduceRight((inner, outer) => nest(outer, inner)) };
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
  const stages = segment.map(stageOf).filter((stage) => stage !== undefined);
  if (stages.length > 1) return flightRunner(stages);
  const only = segment[0] as Policy;
  return (work, call) => only.run(work, call);
}

function nest(outer: Policy['run'], inner: Policy['run']): Policy['run'] {
  return <T>(work: Work<T>, call?: Call): Promise<T> =>
    outer((innerCall) => inner(work, innerCall), call);
}

function stageOf(policy: Policy): Stage | undefined {
  return (policy as Partial<Staged>)[STAGE];
}

function isComposed(policy: Policy): policy is ComposedPolicy {
  return Array.isArray((policy as Partial<ComposedPolicy>).policies);
}
