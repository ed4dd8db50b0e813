/** Pure mathematics of load: recorded distributions, queues, forecasts. */
export type { Recorder, RecorderBucket } from './recorder.ts';
export { recorder } from './recorder.ts';
export type { RecorderSnapshot } from './recorder-snapshot.ts';
