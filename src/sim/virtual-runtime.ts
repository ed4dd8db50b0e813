/**
 * Virtual time: a runtime whose clock jumps from alarm to alarm.
 *
 * Real asynchronous code runs on it unchanged and deterministically: an alarm rings, everything it
 * set off runs to the end, the clock moves on. An hour of traffic takes seconds. (The idea is that
 * of FoundationDB's simulator and of madsim; here promises and the library's own alarms are all
 * there is to schedule.)
 */

import { optionChecks } from '../core/index.ts';
import { simulation } from './simulation.ts';
import type { VirtualRuntime, VirtualRuntimeOptions } from './types.ts';

/**
 * Makes a runtime in virtual time.
 *
 * ```ts
 * import { virtualRuntime } from 'tenfold/sim';
 *
 * const runtime = virtualRuntime({ seed: 7 });
 * await runtime.run(() => runtime.sleep(3_600_000)); // an hour, at once
 * console.log(runtime.now()); // 3600000
 * ```
 */
export function virtualRuntime(options: VirtualRuntimeOptions = {}): VirtualRuntime {
  const check = optionChecks('virtualRuntime');
  check.known(options, ['seed', 'startMs', 'wallStartMs', 'stuckAfterMs', 'idleLimitMs', 'drain']);
  return simulation({
    seed: options.seed ?? 1,
    startMs: check.number('startMs', options.startMs ?? 0),
    wallStartMs: check.number('wallStartMs', options.wallStartMs ?? Date.UTC(2026, 0, 1)),
    stuckAfterMs: check.count('stuckAfterMs', options.stuckAfterMs ?? 60_000),
    idleLimitMs: check.positive('idleLimitMs', options.idleLimitMs ?? 86_400_000),
    drain: check.oneOf('drain', options.drain ?? 'auto', ['auto', 'turn']),
  });
}
