/**
 * What an engine remembers from one decision to the next.
 */

import type { Change } from './ports.ts';
import type { LastGood } from './quality.ts';
import type { StartUps } from './start-up.ts';

/** All an engine remembers. Plain JSON. */
export interface EngineState {
  readonly version: 1;
  /** State of policies and stages, by name. */
  readonly policies: Readonly<Record<string, unknown>>;
  readonly stages: Readonly<Record<string, unknown>>;
  readonly changes: readonly Change[];
  /** When it last decided. */
  readonly at?: number;
  readonly startUps?: StartUps;
  readonly lastGood?: LastGood;
  /** Since when each policy that has no opinion has had none. */
  readonly blindSince?: Readonly<Record<string, number>>;
}

/** The state before the first decision. */
export const FIRST_STATE: EngineState = { version: 1, policies: {}, stages: {}, changes: [] };
