/**
 * The scaling-decision engine: a pure function from state, observations and time to a decision.
 *
 * Policies propose, a combiner makes one wish of it, stages hold and slow it, bounds close the row.
 * Nothing is read, timed or carried out here: `controller` does that, the back-test does it in
 * simulated time, and both run this same function. The state is plain JSON, so that another process
 * can take over where this one stopped.
 */

import { OptionError } from '../core/index.ts';
import { askPolicies } from './ask-policies.ts';
import type { Decision, ScalingMode } from './decision.ts';
import type { Parts, ScalingEngineOptions } from './engine-options.ts';
import { checkedParts } from './engine-options.ts';
import type { EngineState } from './engine-state.ts';
import { checkedState, FIRST_STATE } from './engine-state.ts';
import type { Trace } from './plug-ins.ts';
import type { Bounds } from './ports.ts';
import { countedFleet } from './ports.ts';
import type { LastGood } from './quality.ts';
import { permitted, runStages } from './run-stages.ts';
import type { Observations } from './situation.ts';
import { recentChanges, situate } from './situation.ts';
import { NO_START_UPS, tellsReady, withAsked, withReady } from './start-up.ts';

export interface ScalingEngine {
  readonly bounds: Bounds;
  readonly mode: ScalingMode;
  /**
   * Decides. Pure: equal arguments give equal answers, and nothing handed in is changed.
   *
   * @param state what the last call returned; undefined at the beginning
   * @param now on any time axis that only goes forward, in ms
   * @throws OptionError (`ERR_OPTION`) for a fleet, a state or a time that cannot be: where nothing is
   *   known of the fleet, nothing may be asked of it
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
  return new PureEngine(checkedParts(options));
}

const NOTHING: LastGood = {};

class PureEngine implements ScalingEngine {
  readonly bounds: Bounds;
  readonly mode: ScalingMode;
  private readonly parts: Parts;
  private readonly lookBackMs: number;
  /** The state returned last, which needs no check: it decides nothing. */
  private returned: EngineState = FIRST_STATE;

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
    const before = this.known(state ?? FIRST_STATE);
    if (!Number.isFinite(now)) throw new OptionError('decide.now', 'a finite number', now);
    if (typeof observations?.metrics !== 'object') {
      throw new OptionError(
        'decide.observations',
        'an object with fleet and metrics',
        observations,
      );
    }
    const fleet = countedFleet(observations.fleet);
    // A fleet that does not tell ready units from others teaches nothing.
    const startUps = tellsReady(observations.fleet)
      ? withReady(before.startUps ?? NO_START_UPS, fleet, now)
      : NO_START_UPS;
    const scene = situate(observations, this.parts, {
      now,
      fleet,
      changes: recentChanges(before.changes, fleet.current, now - this.lookBackMs),
      tickMs: before.at === undefined ? 0 : now - before.at,
      startUpMs: startUps.planMs ?? this.parts.startUpMs,
      lastGood: before.lastGood ?? NOTHING,
    });
    const trace: Trace = { steps: [], faults: [] };
    const asked = askPolicies(this.parts, scene, before, trace);
    scene.blind = asked.blind;
    const staged = runStages(this.parts, asked.wish, scene, before, trace);
    const previous = scene.fleet.current;
    const recommended = staged.desired;
    const desired = permitted(this.mode, recommended, previous, trace);
    const limited = recommended !== asked.wish;
    const change = { at: now, from: previous, to: desired };
    const after: EngineState = {
      version: 1,
      at: now,
      policies: asked.next,
      stages: staged.next,
      changes: desired === previous ? scene.changes : [...scene.changes, change],
      startUps: desired > previous ? withAsked(startUps, desired, now) : startUps,
      lastGood: scene.lastGood(),
      blindSince: asked.blindSince,
    };
    this.returned = after;
    return {
      decision: {
        at: now,
        previous,
        desired,
        proposed: asked.wish,
        recommended,
        mode: this.mode,
        blind: asked.blind,
        steps: trace.steps,
        limitedBy: limited ? staged.limitedBy : undefined,
        nextEligibleAt: limited ? staged.until : undefined,
        faults: trace.faults,
      },
      state: after,
    };
  }

  private known(state: EngineState): EngineState {
    return state === this.returned || state === FIRST_STATE
      ? state
      : checkedState('decide.state', state);
  }
}
