/** The scaling-decision engine: how many units, when, and why. */
export type { BacklogOptions } from './backlog.ts';
export { backlog } from './backlog.ts';
export { largest } from './combine.ts';
export type {
  Controller,
  ControllerEvents,
  ControllerOptions,
  DecisionRecord,
} from './controller.ts';
export { controller } from './controller.ts';
export type { Decision, ScalingMode, Step } from './decision.ts';
export type { EngineState, ScalingEngine, ScalingEngineOptions } from './engine.ts';
export { scalingEngine } from './engine.ts';
export type {
  Actuator,
  Adjustment,
  Bounds,
  Change,
  Combiner,
  Fleet,
  FleetReading,
  NamedProposal,
  Proposal,
  ScalingPolicy,
  Situation,
  Source,
  Stage,
  Wish,
} from './ports.ts';
export type { Rate, RateLimitsOptions, RateRule } from './rate-limits.ts';
export { rateLimits } from './rate-limits.ts';
export type { Quality, Reading, Sample } from './sample.ts';
export type { Observations } from './situation.ts';
export type { StabilisationOptions } from './stabilisation.ts';
export { stabilisation } from './stabilisation.ts';
export type { TargetTrackingOptions, Tolerance } from './target-tracking.ts';
export { targetTracking } from './target-tracking.ts';
