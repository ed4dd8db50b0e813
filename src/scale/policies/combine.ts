/**
 * Combiners: one wish out of several policies'.
 */

import type { Combiner, NamedProposal } from '../ports.ts';
import { show } from '../decision.ts';

/** The largest proposal wins: nobody's need is left unmet. The default. */
export function largest(): Combiner {
  return { combine: (proposals) => pickLargest(proposals) };
}

function pickLargest(proposals: readonly NamedProposal[]): { desired: number; why: string } {
  let winner = proposals[0] as NamedProposal;
  for (const proposal of proposals) if (proposal.desired > winner.desired) winner = proposal;
  return {
    desired: winner.desired,
    why: `${winner.policy} asks for most, ${show(winner.desired)}`,
  };
}
