/** Breakers as plain JSON, so that a restarted process need not find out everything again. */

import { optionChecks } from '../core/index.ts';
import type { BreakerMachine } from './breaker-machine.ts';
import type { BreakerState } from './breaker-state.ts';
import { countsOf } from './call-window.ts';
import type { MachineMemory } from './machine-types.ts';

/** The state of one breaker, free of its process's clock. */
export interface BreakerDump extends MachineMemory {
  /** When it was taken, epoch ms. */
  readonly wallTime: number;
}

/** The keys of keyed breakers that are not simply closed. */
export interface KeyedBreakersDump {
  readonly keys: readonly (readonly [string, BreakerDump])[];
}

const STATES: readonly BreakerState[] = [
  'closed',
  'open',
  'half-open',
  'ramping',
  'forced-open',
  'forced-closed',
  'disabled',
  'observe-only',
];

const NUMBERS = [
  'wallTime',
  'stateMs',
  'openLeftMs',
  'openings',
  'calls',
  'failures',
  'slow',
  'slowFailures',
  'totalMs',
] as const;

/** Writes down a breaker at `now`. */
export function dumpOf(machine: BreakerMachine, now: number, wallTime: number): BreakerDump {
  machine.catchUp(now);
  const counts = countsOf(machine.window, now);
  return {
    wallTime,
    state: machine.state.kind,
    stateMs: Math.max(0, now - machine.since), // even where a clock has gone back
    openLeftMs: Math.min(machine.retryAfterMs(now), Number.MAX_SAFE_INTEGER), // JSON has no Infinity
    openings: machine.openings,
    ...counts,
    totalMs: Math.max(0, counts.totalMs),
  };
}

/** Checks what came from a file or a store. @throws OptionError naming what is wrong */
export function checkedDump(subject: string, dump: BreakerDump): BreakerDump {
  const check = optionChecks(`${subject}.restore`);
  check.known(dump, ['state', ...NUMBERS]);
  check.oneOf('state', dump.state, STATES);
  for (const name of NUMBERS) check.nonNegative(name, dump[name]);
  const { calls, failures, slow, slowFailures } = dump;
  if (Math.max(failures, slow) > calls) check.refuse('calls', 'all calls, bad ones too', dump);
  if (slowFailures > Math.min(failures, slow)) {
    check.refuse('slowFailures', 'at most failures and slow', slowFailures);
  }
  return dump;
}

/** The same of all keys. @throws OptionError naming what is wrong */
export function checkedDumps(subject: string, dump: KeyedBreakersDump): KeyedBreakersDump {
  const check = optionChecks(`${subject}.restore`);
  const rows: unknown = check.known(dump, ['keys']).keys;
  if (!Array.isArray(rows)) check.refuse('keys', 'a list', rows);
  for (const row of rows as unknown[]) {
    const [key, one] = Array.isArray(row) ? (row as unknown[]) : [];
    if (typeof key !== 'string') check.refuse('keys', 'rows of a key and its dump', row);
    checkedDump(subject, one as BreakerDump);
  }
  return dump;
}
