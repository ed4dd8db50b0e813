/** From the options of an order to the order, checked. */

import type { Call, OptionChecks, Runtime } from '../core/index.ts';
import { optionChecks } from '../core/index.ts';
import type { Entry } from './order/entry.ts';
import type { Ageing } from './order/levels.ts';
import type { FairOrder } from './order/order.ts';
import { Order } from './order/order.ts';
import type { FairOptions, FlowKey, PerKeyOptions, WorkQueueOptions } from './types.ts';

/** What checking needs. */
export interface Checking {
  readonly check: OptionChecks;
  readonly runtime: Runtime;
  readonly name: string;
}

/** Shares of flows, which can be changed. */
export interface Weights {
  of: (flow: string, floor: number) => number;
}

/** The order alone, for lines of others. */
export function checkedOrder(
  options: Pick<WorkQueueOptions, 'ageing' | 'fair'>,
  checking: Checking,
): Order {
  const { fair } = options;
  if (fair !== undefined) checking.check.known(fair, ['by', 'weight', 'unit', 'priorities']);
  const weights = { of: fair?.weight ?? ((): number => 1) };
  return orderOf({ ...options, concurrency: 1 }, { weights, lotOf: undefined }, checking);
}

/** @throws OptionError for an option out of range */
export function orderOf<R>(
  options: WorkQueueOptions<R>,
  {
    weights,
    lotOf,
  }: { readonly weights: Weights; readonly lotOf: ((call: Call) => string) | undefined },
  checking: Checking,
): Order {
  const { check } = checking;
  const { fair, perKey, overload } = options;
  if (fair !== undefined) optionChecks('workQueue.fair').known(fair, FAIR);
  if (perKey !== undefined) {
    optionChecks('workQueue.perKey').known(perKey, ['concurrency', 'ordered']);
  }
  const ageing = ageingOf(options, check);
  if (overload !== undefined && ageing !== undefined) {
    check.refuse('overload', 'left out where ageing keeps the oldest first', overload);
  }
  return new Order({
    ageing,
    fair: fair && fairOf(fair, weights, ageing, checking),
    perKey: perKey && perKeyOf(perKey, check),
    lotOf,
  });
}

function perKeyOf(
  { concurrency = 1, ordered = false }: PerKeyOptions,
  check: OptionChecks,
): { readonly concurrency: number; readonly ordered: boolean } {
  check.count('perKey.concurrency', concurrency);
  if (ordered && concurrency > 1) {
    check.refuse('perKey.concurrency', '1 where keys are kept in order', concurrency);
  }
  return { concurrency, ordered };
}

function ageingOf(
  { ageing }: Pick<WorkQueueOptions, 'ageing'>,
  check: OptionChecks,
): Ageing | undefined {
  if (ageing === undefined) return undefined;
  optionChecks('workQueue.ageing').known(ageing, ['msPerLevel', 'overdueAfterMs']);
  const { msPerLevel = Infinity, overdueAfterMs = Infinity } = ageing;
  return {
    msPerLevel: check.durationMs('ageing.msPerLevel', msPerLevel),
    overdueAfterMs: check.durationMs('ageing.overdueAfterMs', overdueAfterMs),
  };
}

function fairOf(
  fair: FairOptions,
  weights: Weights,
  ageing: Ageing | undefined,
  { check, runtime, name }: Checking,
): FairOrder {
  const keys = Array.isArray(fair.by) ? (fair.by as readonly FlowKey[]) : [fair.by ?? 'tenant'];
  if (keys.length === 0) check.refuse('fair.by', 'at least one key', fair.by);
  const priorities = fair.priorities ?? (ageing === undefined ? 'above' : 'within');
  check.oneOf('fair.priorities', priorities, ['above', 'within']);
  if (ageing !== undefined && priorities === 'above') {
    check.refuse('fair.priorities', "'within' where waiting makes more urgent", priorities);
  }
  check.callable('fair.weight', weights.of);
  return {
    by: keys.map((key) => flowNamer(key as FlowKey, { check, runtime, name })),
    weight: (flow, floor) => {
      try {
        const weight = weights.of(flow, floor);
        if (weight > 0 && weight < Infinity) return weight;
        throw new RangeError(`weight of ${flow} must be above 0, got ${weight}`);
      } catch (error) {
        runtime.report(error, `${name}: fair.weight`);
        return 1;
      }
    },
    cap: check.number('fair.concurrency', fair.concurrency ?? Infinity, {
      min: 1,
      integer: true,
      infinite: true,
    }),
    unit: fair.unit === undefined ? undefined : check.text('fair.unit', fair.unit),
    isMeasured: fair.cost !== undefined && fair.cost !== 'stated',
    priorities,
  };
}

function flowNamer(key: FlowKey, { check, runtime, name }: Checking): (entry: Entry) => string {
  if (typeof key === 'function') {
    return ({ call }) => {
      try {
        return key(call) ?? '';
      } catch (error) {
        runtime.report(error, `${name}: fair.by`);
        return '';
      }
    };
  }
  const field = check.oneOf('fair.by', key, ['tenant', 'key', 'kind', 'session']);
  return ({ call }) => call[field] ?? '';
}

const FAIR = Object.freeze(['by', 'weight', 'cost', 'unit', 'concurrency', 'priorities'] as const);
