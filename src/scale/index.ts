/** The scaling-decision engine: how many units, when, and why. */
export type { BacklogOptions } from './policies/backlog.ts';
export { backlog } from './policies/backlog.ts';
export { formula, largest, weighted } from './policies/combine.ts';
export type { CalendarWindowOptions } from './policies/cron.ts';
export type { ErlangCOptions } from './policies/erlang-c.ts';
export { erlangC } from './policies/erlang-c.ts';
export type { ScheduledBounds, ScheduledUnits, ScheduleOptions } from './policies/schedule.ts';
export { schedule, scheduledBounds } from './policies/schedule.ts';
export type { ThresholdOptions, ThresholdPair, ThresholdStep } from './policies/threshold.ts';
export { threshold } from './policies/threshold.ts';
export type {
  Controller,
  ControllerEvents,
  ControllerOptions,
  DecisionRecord,
} from './controller.ts';
export { controller } from './controller.ts';
export type { Decision, ScalingMode, Step } from './decision.ts';
export type { ScalingEngineOptions } from './engine-options.ts';
export type { EngineState } from './engine-state.ts';
export type { ScalingEngine } from './engine.ts';
export type { Fallback, Plausible, QualityOptions } from './quality.ts';
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
  Unit,
  Wish,
} from './ports.ts';
export type { Rate, RateLimitsOptions, RateRule } from './stages/rate-limits.ts';
export { rateLimits } from './stages/rate-limits.ts';
export type { PerUnit, Quality, Reading, Sample } from './sample.ts';
export type { DerivedMetric, Observations } from './situation.ts';
export type { StabilisationOptions } from './stages/stabilisation.ts';
export { stabilisation } from './stages/stabilisation.ts';
export type { TargetTrackingOptions, Tolerance } from './policies/target-tracking.ts';
export { targetTracking } from './policies/target-tracking.ts';
export type { HpaScalingPolicy, HpaScalingRules } from './presets/hpa-behavior.ts';
export type { HpaTolerance } from './presets/hpa-replicas.ts';
export type { HpaMetric, HpaOptions } from './presets/hpa.ts';
export { hpa } from './presets/hpa.ts';
export type { PodRequests } from './presets/pod-request.ts';
export { podRequest } from './presets/pod-request.ts';
export type { BucketWindow } from './presets/knative-window.ts';
export { bucketWindow } from './presets/knative-window.ts';
export type { KnativeOptions, KnativeTargetOptions } from './presets/knative.ts';
export { knative, knativeSampleSize, knativeTarget } from './presets/knative.ts';
export type { NomadAction, NomadStep, NomadStrategy } from './presets/nomad-strategies.ts';
export {
  nomadFixedValue,
  nomadPassThrough,
  nomadTargetValue,
  nomadThreshold,
} from './presets/nomad-strategies.ts';
export type { NomadCheck, NomadOptions } from './presets/nomad.ts';
export { nomad } from './presets/nomad.ts';
export type { CoolDownOptions } from './stages/cool-down.ts';
export { coolDown } from './stages/cool-down.ts';
export type { AwsStep, AwsStepOptions } from './presets/aws-step.ts';
export { awsStepScaling } from './presets/aws-step.ts';
export type { AwsTargetTrackingOptions } from './presets/aws-target-tracking.ts';
export { awsTargetTracking } from './presets/aws-target-tracking.ts';
export type { ScaledJobInput, ScaledJobStrategy } from './presets/keda-jobs.ts';
export { scaledJobs } from './presets/keda-jobs.ts';
export type { KedaOptions, KedaTrigger } from './presets/keda.ts';
export { keda } from './presets/keda.ts';
export type { ScaleToZeroOptions } from './stages/scale-to-zero.ts';
export { scaleToZero } from './stages/scale-to-zero.ts';
export type { BudgetOptions } from './stages/budget.ts';
export { budget } from './stages/budget.ts';
export type { Band, DeadBandOptions } from './stages/dead-band.ts';
export { deadBand } from './stages/dead-band.ts';
export type { FlapBudgetOptions } from './stages/flap-budget.ts';
export { flapBudget } from './stages/flap-budget.ts';
export type { RollbackOptions, RollbackState, Verdicts } from './stages/rollback.ts';
export { rollback } from './stages/rollback.ts';
export type { SizedPool } from './actuators/pool.ts';
export { poolActuator } from './actuators/pool.ts';
export type {
  BacktestOptions,
  BacktestResult,
  BacktestRow,
  Candidate,
} from './backtest/backtest.ts';
export { backtest } from './backtest/backtest.ts';
export { backtestComparison } from './backtest/comparison.ts';
export type { Limits, PolicyExpectation } from './backtest/expect-policy.ts';
export { expectPolicy } from './backtest/expect-policy.ts';
export type { SupplyStep } from './backtest/replay.ts';
export type { BacktestReport, ReportLines, ReportTable } from './backtest/report-shape.ts';
export type { BacktestReportOptions } from './backtest/report.ts';
export { backtestReport, backtestTable } from './backtest/report.ts';
export type { Score } from './backtest/score.ts';
export type { Trace } from './backtest/trace.ts';
export { traceOfCounts } from './backtest/trace.ts';
export type { PredictiveOptions, PredictiveState } from './policies/predictive.ts';
export { predictive } from './policies/predictive.ts';
export type { ConcurrencyActuatorOptions } from './actuators/concurrency.ts';
export { concurrencyActuator } from './actuators/concurrency.ts';
export type { HostUnit, ScaleInRules, UnitActuatorOptions, VictimRule } from './actuators/units.ts';
export { unitActuator } from './actuators/units.ts';
export { explain, whatIf } from './explain.ts';
export type { ScalingPoint, ScalingSeries } from './series.ts';
