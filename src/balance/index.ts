/** Load balancing: the best endpoint for each call, and why. */
export type { BalancePolicy, CallEnd, Candidates, Chooser, FleetFigures } from './policy.ts';
export type { LearnedOfKind, PolicyReason } from './policy.ts';
export type { AffinityOptions } from './policies/affinity.ts';
export { affinity } from './policies/affinity.ts';
export type { ConsistentHashOptions } from './policies/consistent-hash.ts';
export { consistentHash } from './policies/consistent-hash.ts';
export type { EwmaOptions } from './policies/ewma.ts';
export { ewma } from './policies/ewma.ts';
export type { LeastRequestOptions } from './policies/least-request.ts';
export { leastRequest } from './policies/least-request.ts';
export type { PeakEwmaOptions } from './policies/peak-ewma.ts';
export { peakEwma } from './policies/peak-ewma.ts';
export type { ProbeAnswer, ProbingOptions } from './policies/probing.ts';
export { probing } from './policies/probing.ts';
export { randomChoice } from './policies/random-choice.ts';
export type { RoundRobinOptions } from './policies/round-robin.ts';
export { roundRobin } from './policies/round-robin.ts';
export type { ScoreContext, ScoredOptions, ScoreWeights } from './policies/scored.ts';
export { scored } from './policies/scored.ts';
export type { Locality, NearestOptions, ZoneAwareOptions } from './locality.ts';
export type { ZoneState, ZoneWeightedOptions } from './locality.ts';
export { nearest, zoneAware, zoneWeighted } from './locality.ts';
export { balancer } from './balancer.ts';
export type { HealthAnswer, HealthCheck, HealthOptions } from './health-checks.ts';
export { allOf, anyOf, quorumOf } from './health-checks.ts';
export type { OutlierOptions } from './outlier-watch.ts';
export type { EjectionRounding } from './outliers.ts';
export type { SlowStartOptions } from './slow-start.ts';
export type { SubsetOptions } from './subset.ts';
export type {
  DrainReport,
  Endpoint,
  EndpointInput,
  EndpointReport,
  EndpointState,
} from './endpoint.ts';
export type {
  BalanceFigures,
  Balancer,
  BalancerChange,
  BalancerEvents,
  BalancerExplanation,
  BalancerOptions,
  BalancerSnapshot,
  EndpointPass,
  EndpointReason,
  EndpointSnapshot,
  Needs,
  RouteFilter,
  RunOptions,
  StickyOptions,
  Verdict,
} from './types.ts';
