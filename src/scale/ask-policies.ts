/**
 * The first half of a decision: every policy proposes, and one wish is made of it.
 */

import type { Parts } from './engine-options.ts';
import type { EngineState } from './engine-state.ts';
import type { Trace } from './plug-ins.ts';
import { isolated, usable } from './plug-ins.ts';
import { largest } from './policies/combine.ts';
import type { NamedProposal, Proposal, Situation } from './ports.ts';

/** What the policies together want. */
export interface Asked {
  readonly wish: number;
  readonly blind: boolean;
  readonly next: Record<string, unknown>;
  readonly blindSince: Readonly<Record<string, number>>;
}

const LARGEST = /* @__PURE__ */ largest();

/** Asks the policies. Without any opinion, or when one may not be overruled, the fleet stays. */
export function askPolicies(
  parts: Parts,
  situation: Situation,
  before: EngineState,
  trace: Trace,
): Asked {
  const { current } = situation.fleet;
  const proposals: NamedProposal[] = [];
  const next: Record<string, unknown> = {};
  const blindSince: Record<string, number> = {};
  let holds: string | undefined;
  for (const [name, policy] of parts.policies) {
    const stage = `policy ${name}`;
    const proposal = isolated<Proposal>(stage, trace, { desired: undefined, why: 'threw' }, () =>
      policy.propose(situation, before.policies[name]),
    );
    next[name] = proposal.state ?? before.policies[name];
    let desired = usable(proposal.desired);
    // NaN is not an opinion, and no ground to shrink on.
    const isNonsense = desired === undefined && proposal.desired !== undefined;
    let holdsIn = isNonsense || (proposal.holdsIn ?? desired === undefined);
    let { why } = proposal;
    if (desired === undefined && holdsIn) {
      const since = (blindSince[name] = before.blindSince?.[name] ?? situation.now);
      desired = parts.rules.standIn(since, situation.now, current);
      holdsIn = desired === undefined;
      if (desired !== undefined) why += `; falls back to ${desired}`;
    }
    trace.steps.push({ stage, in: current, out: desired, why });
    if (desired !== undefined) proposals.push({ policy: name, desired });
    if (holdsIn) holds = name;
  }
  const { wish, blind } = wishOf(parts, proposals, holds, situation, trace);
  return { wish, blind, next, blindSince };
}

function wishOf(
  parts: Parts,
  proposals: readonly NamedProposal[],
  holds: string | undefined,
  situation: Situation,
  trace: Trace,
): { wish: number; blind: boolean } {
  const { fleet, bounds } = situation;
  const { current } = fleet;
  if (proposals.length === 0) {
    // If nobody is blind, nobody needs anything: the least there may be.
    return { wish: holds === undefined ? bounds.min : current, blind: holds !== undefined };
  }
  const wish = combineAll(parts, proposals, situation, trace);
  if (holds === undefined || wish >= current) return { wish, blind: false };
  const why = `${holds} sees too badly to shrink`;
  trace.steps.push({ stage: 'quality', in: wish, out: current, why });
  return { wish: current, blind: true };
}

function combineAll(
  parts: Parts,
  proposals: readonly NamedProposal[],
  situation: Situation,
  trace: Trace,
): number {
  const { current } = situation.fleet;
  const { combine, policies } = parts;
  if (combine === undefined && policies.length === 1) return proposals[0]?.desired as number;
  const fallback = { desired: current, why: 'threw' };
  const wish = isolated('combine', trace, fallback, () =>
    (combine ?? LARGEST).combine(proposals, situation),
  );
  const desired = usable(wish.desired) ?? current;
  trace.steps.push({ stage: 'combine', in: current, out: desired, why: wish.why });
  return desired;
}
