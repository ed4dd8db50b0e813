/**
 * The second half of a decision: the wish passes the stages, the bounds and the mode.
 */

import type { ScalingMode } from './decision.ts';
import type { Parts } from './engine-options.ts';
import type { EngineState } from './engine-state.ts';
import type { Trace } from './plug-ins.ts';
import { isolated, usable } from './plug-ins.ts';
import type { Adjustment, Situation } from './ports.ts';

/** The wish on its way. */
export interface Staged {
  desired: number;
  readonly next: Record<string, unknown>;
  limitedBy: string | undefined;
  until: number | undefined;
}

/** Sends the wish through the stages and the bounds. */
export function runStages(
  parts: Parts,
  wish: number,
  situation: Situation,
  before: EngineState,
  trace: Trace,
): Staged {
  const next: Record<string, unknown> = {};
  const staged: Staged = { desired: wish, next, limitedBy: undefined, until: undefined };
  for (const stage of parts.stages) {
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
  bound(parts, staged, situation, trace);
  return staged;
}

function bound(parts: Parts, staged: Staged, situation: Situation, trace: Trace): void {
  const { bounds, fleet } = situation;
  const { min, max } = bounds;
  const rests = parts.restsAtZero && fleet.current === 0 && min > 0;
  const bounded = rests ? 0 : Math.min(max, Math.max(min, staged.desired));
  if (bounded === staged.desired) return;
  const why = rests ? 'put to 0 by hand' : `from ${min} to ${max}`;
  trace.steps.push({ stage: 'bounds', in: staged.desired, out: bounded, why });
  staged.desired = bounded;
  staged.limitedBy = 'bounds';
  staged.until = undefined;
}

/** What may be asked for in this mode. */
export function permitted(
  mode: ScalingMode,
  recommended: number,
  current: number,
  trace: Trace,
): number {
  if (mode === 'on' || recommended === current) return recommended;
  if (mode === 'scaleOutOnly' && recommended > current) return recommended;
  trace.steps.push({ stage: 'mode', in: recommended, out: current, why: mode });
  return current;
}
