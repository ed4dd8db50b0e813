/** Pure mathematics of load: recorded distributions, queues, scalability, forecasts. */
export type { ServersNeededOptions } from './erlang.ts';
export { erlangB, erlangC, serversNeeded } from './erlang.ts';
export type { QueueShape, SteadyState } from './queueing.ts';
export { steadyState } from './queueing.ts';
export type { Recorder, RecorderBucket } from './recorder.ts';
export { recorder } from './recorder.ts';
export type { RecorderSnapshot } from './recorder-snapshot.ts';
export type { Usl, UslParameters } from './usl.ts';
export { usl } from './usl.ts';
export type { UslFit, UslPoint } from './usl-fit.ts';
export { fitUsl } from './usl-fit.ts';
