/**
 * The elastic pool: a number of workers, connections or agents that grows with what waits and shrinks
 * when they idle, or that a scaling engine sizes.
 */

import type { Alarm, Call, Door, Lease, Pass, Work } from '../core/index.ts';
import { flightRunner, optionChecks, STAGE } from '../core/index.ts';
import { ElasticPool } from './elastic-pool.ts';
import { checkedLimits, checkedOptions } from './pool-options.ts';
import type { Pool, PoolCloseReport, PoolOptions, PoolResize } from './types.ts';

/**
 * Makes a pool. It implements `Slots`: give it to a `workQueue` as `concurrency`, and all that waits
 * waits in the queue, in its order. Used alone, `acquire` waits in order of priority.
 *
 * ```ts
 * import { pool } from 'tenfold';
 *
 * const agents = pool({ max: 4, create: async () => ({ ask: (text: string) => `re: ${text}` }) });
 * const answer: string = await agents.run((_call, agent) => agent.ask('hello'));
 * await agents.close();
 * ```
 *
 * @throws OptionError (`ERR_OPTION`) for an option out of range
 */
export function pool<R>(options: PoolOptions<R>): Pool<R> {
  const check = optionChecks('pool');
  const settings = checkedOptions(options, check);
  const { name, runtime } = settings;
  let { limits } = settings;
  const elastic = new ElasticPool<R>(settings);
  const { lotOf } = elastic;

  const resize = (wanted: PoolResize): void => {
    check.known(wanted, ['min', 'max', 'target']);
    limits = checkedLimits({ ...limits, ...wanted }, check);
    elastic.resize(limits);
  };
  const enter = (call: Call, now: number, lent?: (lease: Lease<R>) => void): Entering => {
    const answer = elastic.tryAcquire(call, now);
    if (answer === undefined) return elastic.acquire(call).then((lease) => passOf(lease, lent));
    return answer.ok ? passOf(answer, lent) : answer;
  };
  const stage: Door = { name, kind: 'pool', runtime, enter };
  const run = <T>(work: Work<T, R>, call?: Call): Promise<T> => {
    let lease: Lease<R> | undefined;
    const keep = (lent: Lease<R>): void => void (lease = lent);
    const door: Door = { ...stage, enter: (inner, now) => enter(inner, now, keep) };
    return flightRunner([door])((inner) => work(inner, (lease as Lease<R>).resource), call);
  };
  let closing: Promise<PoolCloseReport> | undefined;
  const close: Pool<R>['close'] = async ({ graceMs = Infinity } = {}) => {
    check.number('close.graceMs', graceMs, { min: 0, infinite: true });
    const grace: Alarm = { alarmId: -1, ring: () => elastic.end() };
    closing ??= elastic.close();
    if (graceMs === 0) elastic.end();
    else if (graceMs < Infinity) runtime.arm(grace, graceMs);
    try {
      return await closing;
    } finally {
      runtime.disarm(grace);
    }
  };

  return {
    name,
    get size() {
      return elastic.size;
    },
    tryAcquire: (call = NO_CALL, now = runtime.now()) => elastic.tryAcquire(call, now),
    acquire: (call = NO_CALL) => elastic.acquire(call),
    run: run as Pool<R>['run'],
    ...(lotOf && { lotOf }),
    demandGrew: (now) => elastic.demandGrew(now),
    attach: (line) => elastic.attach(line),
    resize,
    apply: (size) => resize({ target: check.number('apply', size, { min: 0, integer: true }) }),
    ready: () => elastic.ready(),
    retire: (resource, { noticeMs = Infinity } = {}) =>
      elastic.retire(
        resource,
        check.number('retire.noticeMs', noticeMs, { min: 0, infinite: true }),
      ),
    snapshot: () => elastic.snapshot(),
    close,
    [STAGE]: stage,
    [Symbol.asyncDispose]: async () => void (await close()),
  };
}

type Entering = ReturnType<Door['enter']>;

/** A lease as a door's pass: held until the work has settled. */
function passOf<R>(lease: Lease<R>, lent: ((lease: Lease<R>) => void) | undefined): Pass {
  lent?.(lease);
  return {
    ok: true,
    untilSettled: true,
    done: (outcome, detail, now) => lease.release(outcome, detail, now),
  };
}

const NO_CALL: Call = Object.freeze({});
