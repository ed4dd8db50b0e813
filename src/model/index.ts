/** Pure mathematics of load: recorded distributions, queues, scalability, forecasts. */
export type { ServersNeededOptions } from './erlang.ts';
export { erlangB, erlangC, serversNeeded } from './erlang.ts';
export type { Ewma, EwmaState } from './ewma.ts';
export { ewma } from './ewma.ts';
export type {
  Forecast,
  Forecaster,
  ForecasterOptions,
  ForecasterState,
  ForecastRecord,
} from './forecaster.ts';
export { forecaster } from './forecaster.ts';
export type { HoltWintersOptions, HoltWintersState } from './holt-winters.ts';
export { holtWinters } from './holt-winters.ts';
export type { MovingQuantile, RecentValues } from './moving-quantile.ts';
export { movingQuantile, quantileOf } from './moving-quantile.ts';
export type { DetectedPeriod } from './period.ts';
export { detectPeriod } from './period.ts';
export type { Predictor } from './predictor.ts';
export type { QueueShape, SteadyState } from './queueing.ts';
export { steadyState } from './queueing.ts';
export type { Recorder, RecorderBucket } from './recorder.ts';
export { recorder } from './recorder.ts';
export type { RecorderSnapshot } from './recorder-snapshot.ts';
export type { SeasonalMedianOptions, SeasonalMedianState } from './seasonal-median.ts';
export { seasonalMedian } from './seasonal-median.ts';
export type { SeasonState } from './seasonal-naive.ts';
export { seasonalNaive } from './seasonal-naive.ts';
export type { SlotArray } from './slots.ts';
export { jainIndex, median, medianDeviation, peakToMean } from './statistics.ts';
export type { HeavyHitter, TopK, TopKOptions } from './top-k.ts';
export { topK } from './top-k.ts';
export type { Usl, UslParameters } from './usl.ts';
export { usl } from './usl.ts';
export type { UslFit, UslPoint } from './usl-fit.ts';
export { fitUsl } from './usl-fit.ts';
export type { BoundedPick } from './bounded-load.ts';
export { allowedLoad, boundedPick, hashShuffle } from './bounded-load.ts';
export type { HashRing, RingPoint, RingSizing } from './hash-ring.ts';
export { hashRing, namedPoints, sizedPoints } from './hash-ring.ts';
export { jumpBackHash, jumpHash } from './jump-hash.ts';
export type { MaglevTurns } from './maglev.ts';
export { maglevPlace, maglevTable, maglevTurns, retryHash } from './maglev.ts';
export type { Rendezvous } from './rendezvous.ts';
export { rendezvous } from './rendezvous.ts';
