/**
 * The scaling-decision engine: a pure function from state, observations and time to a decision.
 *
 * Policies propose, a combiner makes one wish of it, stages hold and slow it, bounds close the row.
 * Nothing is read, timed or carried out here: `controller` does that, the back-test does it in
 * simulated time, and both run this same function. The state is plain JSON, so that another process
 * can take over where this one stopped.
 */

import { optionChecks } from '../core/index.ts';
import { largest } from './policies/combine.ts';
import type { Decision, ScalingMode } from './decision.ts';
import type {
  Adjustment,
  Bounds,
  Change,
  Combiner,
  NamedProposal,
  Proposal,
  ScalingPolicy,
  Situation,
  Stage,
} from './ports.ts';
import type { Trace } from './plug-ins.ts';
import { isolated, requireMethod, usable } from './plug-ins.ts';
import { rateLimits } from './stages/rate-limits.ts';
import type { Observations } from './situation.ts';
import { recent, situate } from './situation.ts';
import { stabilisation } from './stages/stabilisation.ts';

export interface ScalingEngineOptions {
  /** Fewest and most units; whole numbers, 0 ≤ min ≤ max, max at least 1. */
  readonly bounds: Bounds;
  /** The policies by name; at least one. */
  readonly policies: Readonly<Record<string, ScalingPolicy>>;
  /** Makes one wish of several proposals. @default largest() */
  readonly combine?: Combiner;
  /** What the wish passes on its way, in order. @default [stabilisation(), rateLimits()] */
  readonly stages?: readonly Stage[];
  /** @default 'on' */
  readonly mode?: ScalingMode;
  /** True: a fleet that somebody put to 0, below `bounds.min`, is left there. @default false */
  readonly restsAtZero?: boolean;
}

/** All an engine remembers. Plain JSON. */
export interface EngineState {
  readonly version: 1;
  /** State of policies and stages, by name. */
  readonly policies: Readonly<Record<string, unknown>>;
  readonly stages: Readonly<Record<string, unknown>>;
  readonly changes: readonly Change[];
}

export interface ScalingEngine {
  readonly bounds: Bounds;
  readonly mode: ScalingMode;
  /**
   * Decides. Pure: equal arguments give equal answers, and nothing handed in is changed.
   *
   * @param state what the last call returned; undefined at the beginning
   * @param now on any time axis that only goes forward, in ms
   */
  decide(
    state: EngineState | undefined,
    observations: Observations,
    now: number,
  ): { readonly decision: Decision; readonly state: EngineState };
}

/**
 * Makes an engine.
 *
 * ```ts
 * import { scalingEngine } from 'tenfold';
 * import { targetTracking } from 'tenfold/scale';
 *
 * const engine = scalingEngine({
 *   bounds: { min: 2, max: 50 },
 *   policies: { cpu: targetTracking({ metric: 'cpu', target: 0.7 }) },
 * });
 * const { decision } = engine.decide(undefined, { fleet: 4, metrics: { cpu: 0.98 } }, 0);
 * console.log(decision.desired); // 6
 * ```
 *
 * @throws OptionError (`ERR_OPTION`) naming the option that is out of range
 */
export function scalingEngine(options: ScalingEngineOptions): ScalingEngine {
  const check = optionChecks('scalingEngine');
  check.known(options, ['bounds', 'policies', 'combine', 'stages', 'mode', 'restsAtZero']);
  const min = check.number('bounds.min', options.bounds.min, { min: 0, integer: true });
  const max = check.count('bounds.max', options.bounds.max);
  if (max < min) check.refuse('bounds.max', `bounds.min (${min}) or more`, max);
  const policies = Object.entries(options.policies);
  if (policies.length === 0) check.refuse('policies', 'at least one policy', options.policies);
  for (const [name, policy] of policies)
    requireMethod(check, `policies.${name}`, policy, 'propose');
  const stages = options.stages ?? [stabilisation(), rateLimits()];
  for (const stage of stages) requireMethod(check, 'stages', stage, 'adjust');
  const names = stages.map((stage) => check.text('stages.name', stage.name));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (options.combine !== undefined) requireMethod(check, 'combine', options.combine, 'combine');
  if (twice !== undefined) check.refuse('stages', 'a row of stages with different names', twice);
  return new PureEngine({
    bounds: { min, max },
    policies,
    combine: options.combine,
    stages,
    restsAtZero: options.restsAtZero ?? false,
    mode: check.oneOf('mode', options.mode ?? 'on', ['on', 'scaleOutOnly', 'recommend', 'off']),
  });
}

interface Parts {
  readonly bounds: Bounds;
  readonly policies: readonly (readonly [string, ScalingPolicy])[];
  readonly combine: Combiner | undefined;
  readonly stages: readonly Stage[];
  readonly mode: ScalingMode;
  readonly restsAtZero: boolean;
}

const LARGEST = /* @__PURE__ */ largest();

const EMPTY: EngineState = { version: 1, policies: {}, stages: {}, changes: [] };

class PureEngine implements ScalingEngine {
  readonly bounds: Bounds;
  readonly mode: ScalingMode;
  private readonly parts: Parts;
  private readonly lookBackMs: number;

  constructor(parts: Parts) {
    this.parts = parts;
    this.bounds = parts.bounds;
    this.mode = parts.mode;
    const plugIns = [...parts.stages, ...parts.policies.map(([, policy]) => policy)];
    this.lookBackMs = Math.max(0, ...plugIns.map(({ lookBackMs }) => lookBackMs ?? 0));
  }

  decide(
    state: EngineState | undefined,
    observations: Observations,
    now: number,
  ): { decision: Decision; state: EngineState } {
    const before = state ?? EMPTY;
    const situation = situate(
      observations,
      now,
      this.bounds,
      recent(before.changes, observations, now - this.lookBackMs),
    );
    const trace: Trace = { steps: [], faults: [] };
    const { wish, next: policies, blind } = this.propose(situation, before, trace);
    const seen = blind ? { ...situation, blind } : situation;
    const staged = this.adjust(wish, seen, before, trace);
    this.bound(staged, seen, trace);
    const previous = situation.fleet.current;
    const recommended = staged.desired;
    const desired = this.permit(recommended, previous, trace);
    const limited = recommended !== wish;
    const { changes } = situation;
    return {
      decision: {
        at: now,
        previous,
        desired,
        proposed: wish,
        recommended,
        mode: this.mode,
        steps: trace.steps,
        limitedBy: limited ? staged.limitedBy : undefined,
        nextEligibleAt: limited ? staged.until : undefined,
        faults: trace.faults,
      },
      state: {
        version: 1,
        policies,
        stages: staged.next,
        changes:
          desired === previous ? changes : [...changes, { at: now, from: previous, to: desired }],
      },
    };
  }

  /** Asks the policies. Without any opinion, or when one may not be overruled, the fleet stays. */
  private propose(
    situation: Situation,
    before: EngineState,
    trace: Trace,
  ): { wish: number; next: Record<string, unknown>; blind: boolean } {
    const { current } = situation.fleet;
    const proposals: NamedProposal[] = [];
    const next: Record<string, unknown> = {};
    let holds: string | undefined;
    for (const [name, policy] of this.parts.policies) {
      const stage = `policy ${name}`;
      const proposal = isolated<Proposal>(stage, trace, { desired: undefined, why: 'threw' }, () =>
        policy.propose(situation, before.policies[name]),
      );
      const desired = usable(proposal.desired);
      trace.steps.push({ stage, in: current, out: desired, why: proposal.why });
      next[name] = proposal.state ?? before.policies[name];
      if (desired !== undefined) proposals.push({ policy: name, desired });
      if (proposal.holdsIn ?? desired === undefined) holds = name;
    }
    if (proposals.length === 0) {
      // Nobody is blind, nobody asks for anything: the least there may be.
      if (holds === undefined) return { wish: situation.bounds.min, next, blind: false };
      return { wish: current, next, blind: true };
    }
    const wish = this.combine(proposals, situation, trace);
    if (holds === undefined || wish >= current) return { wish, next, blind: false };
    trace.steps.push({
      stage: 'quality',
      in: wish,
      out: current,
      why: `${holds} sees too badly to shrink`,
    });
    return { wish: current, next, blind: true };
  }

  private combine(proposals: readonly NamedProposal[], situation: Situation, trace: Trace): number {
    const { current } = situation.fleet;
    const { combine, policies } = this.parts;
    if (combine === undefined && policies.length === 1) return proposals[0]?.desired as number;
    const fallback = { desired: current, why: 'threw' };
    const wish = isolated('combine', trace, fallback, () =>
      (combine ?? LARGEST).combine(proposals, situation),
    );
    const desired = usable(wish.desired) ?? current;
    trace.steps.push({ stage: 'combine', in: current, out: desired, why: wish.why });
    return desired;
  }

  private adjust(wish: number, situation: Situation, before: EngineState, trace: Trace): Staged {
    const next: Record<string, unknown> = {};
    const staged: Staged = { desired: wish, next, limitedBy: undefined, until: undefined };
    for (const stage of this.parts.stages) {
      const { name } = stage;
      const state = before.stages[name];
      const into = staged.desired;
      const answer = isolated<Adjustment>(name, trace, { desired: into }, () =>
        stage.adjust(into, situation, state),
      );
      next[name] = answer.state ?? state;
      const out = usable(answer.desired) ?? into;
      if (out === into) continue;
      trace.steps.push({ stage: name, in: into, out, why: answer.why ?? '' });
      staged.desired = out;
      staged.limitedBy = name;
      staged.until = answer.until;
    }
    return staged;
  }

  private bound(staged: Staged, { bounds, fleet }: Situation, trace: Trace): void {
    const { min, max } = bounds;
    const rests = this.parts.restsAtZero && fleet.current === 0 && min > 0;
    const bounded = rests ? 0 : Math.min(max, Math.max(min, staged.desired));
    if (bounded === staged.desired) return;
    const why = rests ? 'put to 0 by hand' : `from ${min} to ${max}`;
    trace.steps.push({ stage: 'bounds', in: staged.desired, out: bounded, why });
    staged.desired = bounded;
    staged.limitedBy = 'bounds';
    staged.until = undefined;
  }

  private permit(recommended: number, current: number, trace: Trace): number {
    const { mode } = this;
    if (mode === 'on' || recommended === current) return recommended;
    if (mode === 'scaleOutOnly' && recommended > current) return recommended;
    trace.steps.push({ stage: 'mode', in: recommended, out: current, why: mode });
    return current;
  }
}

interface Staged {
  desired: number;
  readonly next: Record<string, unknown>;
  limitedBy: string | undefined;
  until: number | undefined;
}
