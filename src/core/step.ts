/** A row of stages as a flight goes through it. */

import type { Door, Stage, TimeLimit } from './door.ts';

/**
 * A stage, told apart once: asking each of a row of unlike objects at every call whether it has `enter`
 * costs more than all else a flight does (measured 110 ns).
 */
export interface Step {
  readonly door: Door | undefined;
  readonly limit: TimeLimit | undefined;
}

/** The steps of a row of stages. */
export function stepsOf(stages: readonly Stage[]): Step[] {
  return stages.map((stage) =>
    'enter' in stage ? { door: stage, limit: undefined } : { door: undefined, limit: stage },
  );
}
