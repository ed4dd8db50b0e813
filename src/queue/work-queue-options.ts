/** From the options of a queue to its parts: checked once, complete, and only what was asked for. */

import type { Call, OptionChecks, Slots } from '../core/index.ts';
import { optionChecks, STAGE, systemRuntime } from '../core/index.ts';
import { FixedSlots } from './fixed-slots.ts';
import type { ResizableSlots } from './fixed-slots.ts';
import type { Line } from './line.ts';
import type { LineParts, WorkEnd } from './line-parts.ts';
import type { Order } from './order/order.ts';
import type { Checking, Weights } from './order-options.ts';
import { orderOf } from './order-options.ts';
import type { WhenFull } from './overflow.ts';
import { Overflow } from './overflow.ts';
import { Overload } from './overload.ts';
import { Preemption } from './preemption.ts';
import { retryDelay, TaskRetry } from './retry.ts';
import { SeatSlots } from './seat-slots.ts';
import { Bookkeeper } from './statistics.ts';
import type { FairOptions, WorkQueueLimits, WorkQueueOptions } from './types.ts';

const OVERLOAD = Object.freeze(['targetMs', 'intervalMs', 'newestFirst', 'drop'] as const);
const RETRY = Object.freeze(['attempts', 'delayMs', 'isRetryable', 'deadLetters'] as const);
const SLOTS = Object.freeze({ min: 1, integer: true, infinite: true });
const SEATS = Object.freeze({ above: 0, infinite: true });

/** Makes the parts of a queue. */
export function checkedParts<R>(options: WorkQueueOptions<R>): {
  readonly parts: LineParts;
  readonly retry: TaskRetry | undefined;
  /** Holds a flow back, or lets it go on. */
  readonly pauseFlow: (flow: string, isPaused: boolean) => void;
  readonly update: (limits: WorkQueueLimits, line: Line) => void;
} {
  const check = optionChecks('workQueue');
  check.known(options, [
    'concurrency',
    'unit',
    'capacity',
    'whenFull',
    'maxWaitMs',
    'refuseHopeless',
    'ageing',
    'fair',
    'perKey',
    'overload',
    'rate',
    'retry',
    'preemption',
    'statistics',
    'yieldAfterMs',
    'name',
    'runtime',
  ]);
  const { name = 'queue', runtime = systemRuntime(), fair, rate, overload = {} } = options;
  optionChecks('workQueue.overload').known(overload, OVERLOAD);
  const checking = { check, runtime, name: check.text('name', name) };
  const weights = { of: fair?.weight ?? ((): number => 1) };
  const slots = slotsOf(options, check);
  const lotOf = slots.lotOf && ((call: Call): string => slots.lotOf?.(call) ?? '');
  const order = orderOf(options, { weights, lotOf }, checking);
  const { preemption, refuseHopeless, statistics } = flagsOf(options, check);
  const parts: LineParts = {
    name,
    runtime,
    slots,
    order,
    overflow: overflowOf(options, order, check),
    maxWaitMs: check.durationMs('maxWaitMs', options.maxWaitMs ?? Infinity),
    yieldAfterMs: check.durationMs('yieldAfterMs', options.yieldAfterMs ?? 10),
    refusesHopeless: refuseHopeless,
    overload: options.overload && new Overload(options.overload, order.discipline, runtime.now()),
    preemption: preemption ? new Preemption() : undefined,
    rate: rate === undefined ? undefined : doorOf(rate, check),
    books: statistics ? new Bookkeeper() : undefined,
    measure: fair && measureOf(fair, checking),
    usesTime: usesTime(options),
  };
  return {
    parts,
    retry: retryOf(options, checking),
    pauseFlow: (flow, isPaused) => {
      if (fair === undefined) check.refuse('fair', 'given where single flows are paused', fair);
      order.pauseFlow(flow, isPaused);
    },
    update: (limits, line) => update(limits, { check, parts, weights, line }),
  };
}

/** What is asked for with yes or no. */
function flagsOf<R>(
  { preemption = false, refuseHopeless = true, statistics = false }: WorkQueueOptions<R>,
  check: OptionChecks,
): Readonly<Record<'preemption' | 'refuseHopeless' | 'statistics', boolean>> {
  return {
    preemption: check.flag('preemption', preemption),
    refuseHopeless: check.flag('refuseHopeless', refuseHopeless),
    statistics: check.flag('statistics', statistics),
  };
}

/** Whether starting and ending need the time even where no deadline does. */
function usesTime<R>(options: WorkQueueOptions<R>): boolean {
  const { concurrency, maxWaitMs, ageing, overload, fair, rate, statistics } = options;
  const isMeasured = fair?.cost !== undefined && fair.cost !== 'stated';
  const hasTimed = [maxWaitMs, ageing, overload, rate].some((option) => option !== undefined);
  return typeof concurrency !== 'number' || hasTimed || isMeasured || statistics === true;
}

function overflowOf<R>(
  { capacity = Infinity, whenFull = 'refuse' }: WorkQueueOptions<R>,
  order: Order,
  check: OptionChecks,
): Overflow {
  check.oneOf('whenFull', whenFull, ['refuse', 'evict-last', 'evict-oldest', 'wait']);
  checkCapacity(capacity, whenFull, check);
  return new Overflow(order, capacity, whenFull);
}

/** Those outside come in one by one: there must be room for one of them. */
function checkCapacity(capacity: number, whenFull: WhenFull, check: OptionChecks): number {
  const min = whenFull === 'wait' ? 1 : 0;
  return check.number('capacity', capacity, { min, integer: true, infinite: true });
}

function slotsOf<R>({ concurrency, unit }: WorkQueueOptions<R>, check: OptionChecks): Slots {
  if (typeof concurrency === 'object' && typeof concurrency?.tryAcquire === 'function') {
    if (unit !== undefined) check.refuse('unit', 'left to the slots that were given', unit);
    return concurrency;
  }
  if (unit === undefined) {
    return new FixedSlots(check.number('concurrency', concurrency, SLOTS));
  }
  const size = check.number('concurrency', concurrency, SEATS);
  return new SeatSlots(size, check.text('unit', unit));
}

/** What ended work cost; undefined, where the user's function answers nonsense, leaves the charge. */
function measureOf(
  { cost = 'stated' }: FairOptions,
  { check, runtime, name }: Checking,
): ((end: WorkEnd) => number | undefined) | undefined {
  if (cost === 'stated') return undefined;
  if (cost === 'time') return ({ durationMs }) => durationMs;
  check.callable('fair.cost', cost);
  return (end) => {
    try {
      const measured = cost(end);
      if (measured >= 0 && measured < Infinity) return measured;
      throw new RangeError(`fair.cost must return 0 or more, got ${measured}`);
    } catch (error) {
      runtime.report(error, `${name}: fair.cost`);
      return undefined;
    }
  };
}

function retryOf(
  { retry }: Pick<WorkQueueOptions, 'retry'>,
  { check, runtime, name }: Checking,
): TaskRetry | undefined {
  if (retry === undefined) return undefined;
  optionChecks('workQueue.retry').known(retry, RETRY);
  return new TaskRetry({
    attempts: check.count('retry.attempts', retry.attempts),
    delayMs: check.callable(
      'retry.delayMs',
      retry.delayMs ?? retryDelay(runtime.random(`${name} retry`)),
    ),
    isRetryable: check.callable('retry.isRetryable', retry.isRetryable ?? ((): boolean => true)),
    deadLetters: check.number('retry.deadLetters', retry.deadLetters ?? 1_000, {
      min: 0,
      integer: true,
    }),
    report: (error) => runtime.report(error, `${name}: retry`),
  });
}

function doorOf(rate: { readonly [STAGE]: unknown }, check: OptionChecks): LineParts['rate'] {
  const stage = (rate as typeof rate | null)?.[STAGE];
  if (typeof stage !== 'object' || stage === null || !('enter' in stage)) {
    check.refuse('rate', 'a policy that is a door, such as a limiter', rate);
  }
  return stage as LineParts['rate'];
}

function update(
  limits: WorkQueueLimits,
  {
    check,
    parts,
    weights,
    line,
  }: { check: OptionChecks; parts: LineParts; weights: Weights; line: Line },
): void {
  check.known(limits, ['concurrency', 'capacity', 'weight']);
  const { concurrency, capacity, weight } = limits;
  const { slots, overflow, order } = parts;
  if (concurrency !== undefined && !isResizable(slots)) {
    check.refuse('concurrency', 'left to the slots that were given', concurrency);
  }
  if (concurrency !== undefined) {
    check.number('concurrency', concurrency, slots instanceof SeatSlots ? SEATS : SLOTS);
  }
  if (capacity !== undefined) {
    overflow.capacity = checkCapacity(capacity, overflow.whenFull, check);
    overflow.letIn();
  }
  if (weight !== undefined) {
    weights.of = check.callable('weight', weight);
    order.reweigh();
  }
  if (concurrency !== undefined) {
    (slots as ResizableSlots).resize(concurrency, parts.runtime.now());
  }
  line.slotFreed(line.clock());
}

/** True for slots of our own; those given by the user are theirs to size. */
function isResizable(slots: Slots): slots is ResizableSlots {
  return slots instanceof FixedSlots || slots instanceof SeatSlots;
}
