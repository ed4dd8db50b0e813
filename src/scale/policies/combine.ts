/**
 * Combiners: one wish out of several policies'.
 */

import { optionChecks } from '../../core/index.ts';
import type { Combiner, NamedProposal, Wish } from '../ports.ts';
import { show } from '../decision.ts';

/** The largest proposal wins: nobody's need is left unmet. The default. */
export function largest(): Combiner {
  return {
    combine(proposals): Wish {
      let winner = proposals[0] as NamedProposal;
      for (const proposal of proposals) if (proposal.desired > winner.desired) winner = proposal;
      return {
        desired: winner.desired,
        why: `${winner.policy} asks for most, ${show(winner.desired)}`,
      };
    },
  };
}

/**
 * The weighted mean of the proposals, rounded up. A policy without an opinion leaves its weight to the
 * others.
 *
 * @param weights by policy, each above 0; a policy that is not named weighs 1
 */
export function weighted(weights: Readonly<Record<string, number>>): Combiner {
  const check = optionChecks('weighted');
  for (const [policy, weight] of Object.entries(weights)) check.positive(policy, weight);
  return {
    combine(proposals): Wish {
      let sum = 0;
      let total = 0;
      for (const { policy, desired } of proposals) {
        const weight = weights[policy] ?? 1;
        sum += weight * desired;
        total += weight;
      }
      const terms = proposals.map(({ policy, desired }) => `${policy} ${show(desired)}`);
      return { desired: sum / total, why: `weighted mean of ${terms.join(', ')}` };
    },
  };
}

/**
 * A formula of one's own over the proposals by policy; undefined where a policy has no opinion.
 *
 * ```ts
 * import { formula } from 'tenfold/scale';
 *
 * // The queue decides; the forecast may add half as much again, never more.
 * formula(({ queue = 0, forecast = 0 }) => Math.max(queue, Math.min(forecast, queue * 1.5)));
 * ```
 */
export function formula(
  compute: (desired: Readonly<Record<string, number | undefined>>) => number,
): Combiner {
  optionChecks('formula').callable('compute', compute);
  return {
    combine(proposals): Wish {
      const desired = Object.fromEntries(proposals.map((one) => [one.policy, one.desired]));
      const wish = compute(desired);
      return { desired: wish, why: `formula gives ${show(wish)}` };
    },
  };
}
