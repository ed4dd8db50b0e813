/**
 * Single units as an actuator: chooses who goes, asks whether they may, lets them finish, and has the
 * host take them out of its balancer and move their shards first.
 */

import type { OptionChecks, Runtime } from '../../core/index.ts';
import { optionChecks, systemRuntime } from '../../core/index.ts';
import { requireMethod } from '../plug-ins.ts';
import type { Actuator, Fleet } from '../ports.ts';
import { withinMs } from '../within.ts';

/** A unit as the host knows it. */
export interface HostUnit {
  readonly id: string;
  /** When it was started, in ms on the runtime's axis. */
  readonly startedAt: number;
  /** Whether it takes work by now. @default true */
  readonly ready?: boolean;
  /** What it works on now: calls, jobs, sessions. @default 0 */
  readonly busy?: number;
  /** What it costs for an hour, where units differ. @default 0 */
  readonly unitPerHour?: number;
}

/** Who goes first: the one with the least to do, the oldest, the newest, the dearest, or by a rule of one's own. */
export type VictimRule<U> =
  'leastBusy' | 'oldest' | 'newest' | 'dearest' | ((a: U, b: U) => number);

export interface ScaleInRules<U> {
  /** Of equals the newest goes. @default 'leastBusy' */
  readonly victim?: VictimRule<U>;
  /** True keeps a unit from going, this time: a voice call, a job without a checkpoint. @default nobody */
  readonly veto?: (unit: U) => boolean;
  /** Units younger than this stay, in ms; 0 or more. @default 0 */
  readonly minLifetimeMs?: number;
  /** How long a unit may take to finish what it has, in ms; then it goes all the same. @default 30_000 */
  readonly drainMs?: number;
  /** Done in order before a unit drains: take it out of the balancer, move its shards. What fails keeps the unit. */
  readonly before?: readonly ((unit: U) => void | PromiseLike<void>)[];
  /** How long each of `before`, and `stays`, may take, in ms, above 0; then it has failed. @default Infinity */
  readonly beforeMs?: number;
  /** Called for a unit that stays although `before` had begun: put it back into the balancer. @default nothing */
  readonly stays?: (unit: U) => void | PromiseLike<void>;
}

export interface UnitActuatorOptions<U extends HostUnit> {
  /** The units there are, starting ones too, from when `add` has settled. */
  readonly units: () => readonly U[];
  /** Starts so many more. */
  readonly add: (count: number) => void | PromiseLike<void>;
  /** Gives the unit no more work; settles once it has none left. @default at once */
  readonly drain?: (unit: U) => void | PromiseLike<void>;
  /** Ends the unit. */
  readonly remove: (unit: U) => void | PromiseLike<void>;
  readonly scaleIn?: ScaleInRules<U>;
  /** @default 'unitActuator' */
  readonly name?: string;
  readonly runtime?: Runtime;
}

/**
 * Makes the actuator. Draining goes on in the background: such a unit no longer counts as current, and
 * is told apart in the fleet's reading. When vetoes leave too few to go, fewer go, and the engine sees
 * it at the next tick.
 *
 * @throws OptionError (`ERR_OPTION`) for an option out of range
 */
export function unitActuator<U extends HostUnit>(options: UnitActuatorOptions<U>): Actuator {
  const check = optionChecks('unitActuator');
  check.known(options, ['units', 'add', 'drain', 'remove', 'scaleIn', 'name', 'runtime']);
  for (const method of ['units', 'add', 'remove']) requireMethod(check, method, options, method);
  const { scaleIn = {}, name = 'unitActuator', runtime = systemRuntime() } = options;
  checkRules(check, scaleIn);
  const { victim = 'leastBusy', before = [], veto = () => false } = scaleIn;
  if (options.drain !== undefined) check.callable('drain', options.drain);
  const minLifetimeMs = check.nonNegative('scaleIn.minLifetimeMs', scaleIn.minLifetimeMs ?? 0);
  const drainMs = check.positive('scaleIn.drainMs', scaleIn.drainMs ?? 30_000);
  const beforeMs = check.durationMs('scaleIn.beforeMs', scaleIn.beforeMs ?? Infinity);
  const order = typeof victim === 'function' ? victim : ORDERS[victim];
  /** Units told to go; those that are gone are forgotten when the host no longer lists them. */
  const leaving = new Set<string>();
  /** Units asked of the host whose `add` has not settled: listed or not, they are on their way. */
  let adding = 0;

  const add = async (count: number): Promise<void> => {
    adding += count;
    try {
      await options.add(count);
    } finally {
      adding -= count;
    }
  };

  const staying = (): U[] => {
    const listed = options.units();
    const ids = new Set(listed.map(({ id }) => id));
    for (const id of leaving) if (!ids.has(id)) leaving.delete(id);
    return listed.filter(({ id }) => !leaving.has(id));
  };

  const retire = async (unit: U): Promise<void> => {
    try {
      for (const hook of before) {
        await withinMs(runtime, beforeMs, `before of ${unit.id}`, () => hook(unit));
      }
      await withinMs(runtime, drainMs, `drain of ${unit.id}`, () => options.drain?.(unit)).catch(
        (error: unknown) => runtime.report(error, name),
      );
      await options.remove(unit);
    } catch (error) {
      runtime.report(error, `${name}: ${unit.id} stays`);
      try {
        await withinMs(runtime, beforeMs, `stays of ${unit.id}`, () => scaleIn.stays?.(unit));
      } catch (again) {
        runtime.report(again, `${name}: ${unit.id} stays`);
      }
      leaving.delete(unit.id);
    }
  };

  return {
    current(): Fleet {
      const units = staying();
      const ready = units.filter((unit) => unit.ready !== false).length;
      const draining = leaving.size;
      const current = units.length + adding;
      return { current, ready, starting: current - ready, draining };
    },
    async apply(wanted) {
      const units = staying();
      const there = units.length + adding;
      if (wanted > there) return add(wanted - there);
      const oldEnough = runtime.now() - minLifetimeMs;
      const victims = units
        .filter((unit) => unit.startedAt <= oldEnough && !veto(unit))
        .sort((a, b) => order(a, b) || b.startedAt - a.startedAt)
        .slice(0, there - wanted);
      for (const unit of victims) leaving.add(unit.id);
      for (const unit of victims) void retire(unit);
    },
  };
}

function checkRules<U>(check: OptionChecks, rules: ScaleInRules<U>): void {
  check.known(rules, ['victim', 'veto', 'minLifetimeMs', 'drainMs', 'before', 'beforeMs', 'stays']);
  const { victim = 'leastBusy', veto, stays } = rules;
  if (typeof victim !== 'function') {
    check.oneOf('scaleIn.victim', victim, ['leastBusy', 'oldest', 'newest', 'dearest']);
  }
  if (veto !== undefined) check.callable('scaleIn.veto', veto);
  if (stays !== undefined) check.callable('scaleIn.stays', stays);
  const before: unknown = rules.before ?? [];
  if (!Array.isArray(before)) check.refuse('scaleIn.before', 'a list of functions', before);
  for (const hook of before as (() => void)[]) check.callable('scaleIn.before', hook);
}

const ORDERS: Readonly<
  Record<Extract<VictimRule<HostUnit>, string>, (a: HostUnit, b: HostUnit) => number>
> = {
  leastBusy: (a, b) => (a.busy ?? 0) - (b.busy ?? 0),
  oldest: (a, b) => a.startedAt - b.startedAt,
  newest: (a, b) => b.startedAt - a.startedAt,
  dearest: (a, b) => (b.unitPerHour ?? 0) - (a.unitPerHour ?? 0),
};
