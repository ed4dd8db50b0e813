/** The ground floor: the grammar every primitive speaks, and the runtime they all take. */
export type { Alarm, AlarmHeap } from './alarm.ts';
export { alarmHeap } from './alarm.ts';
export { grownMs, jitteredMs } from './backoff.ts';
export type { Call, Cost, FlightCall, Work, WorkCall } from './call.ts';
export { costOf, flightCall, ownSignal, TOKEN, workCall } from './call.ts';
export type { CallWatch, Cancellable } from './call-watch.ts';
export { watchCall } from './call-watch.ts';
export type { CancelHook, CancelToken } from './cancellation.ts';
export { cancelHook, cancelToken, tokenOf } from './cancellation.ts';
export type { Door, Entry, Outcome, Pass, Refusal, Stage, Staged, TimeLimit } from './door.ts';
export { ADMITTED, isPending, outcomeOf, refusalError, STAGE } from './door.ts';
export type { RefusalCode } from './errors.ts';
export {
  ClosedError,
  isRejectedError,
  isTenfoldError,
  OptionError,
  RejectedError,
  stackless,
  StoreError,
  TenfoldError,
  TimeoutError,
} from './errors.ts';
export type { Emitter, EventSource, Listener } from './events.ts';
export { emitter } from './events.ts';
export { flightRunner } from './flight.ts';
export type { NumberRange, OptionChecks } from './options.ts';
export { optionChecks } from './options.ts';
export type { Policy } from './policy.ts';
export type { ProcessSignals, Runtime, WaitingParty } from './runtime.ts';
export { sleepOn } from './sleep.ts';
export type { EventLoop, SystemRuntimeOptions } from './system-runtime.ts';
export { eventLoop, systemRuntime } from './system-runtime.ts';
export type { Lease, Slots, SlotsLine } from './slots.ts';
export type { IdHeap, StableHeap } from './stable-heap.ts';
export { idHeap, stableHeap } from './stable-heap.ts';
export {
  epochMsIn,
  msUntil,
  plainNumber,
  responseHeader,
  responseStatus,
  retryAfterMs,
} from './retry-after.ts';
export { asStream, closeStream } from './stream.ts';
export { isThenable } from './thenable.ts';
export { seededRandom } from './seeded-random.ts';
export type { CountWindow } from './count-window.ts';
export { countWindow } from './count-window.ts';
export type { Random } from './distributions.ts';
export {
  exponential,
  lognormal,
  shuffled,
  standardNormal,
  weightedIndex,
  zipf,
} from './distributions.ts';
export { crc16 } from './hash-crc16.ts';
export type { HashInput } from './hash-input.ts';
export { murmur3 } from './hash-murmur3.ts';
export { xxh32 } from './hash-xxh32.ts';
export type { Hash64 } from './hash-xxh64.ts';
export { xxh64 } from './hash-xxh64.ts';
export type { RingBuffer } from './ring-buffer.ts';
export { ringBuffer } from './ring-buffer.ts';
export type { TimeWindow, TimeWindowOptions } from './time-window.ts';
export { timeWindow } from './time-window.ts';
export type { Codel, CodelOptions } from './codel.ts';
export { codel } from './codel.ts';
