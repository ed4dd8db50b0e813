/**
 * The passes one call holds, a stack: the innermost, entered last, ends first. A pass that throws is
 * reported and keeps neither the others nor the caller from their end.
 */

import type { Outcome, Pass } from './door.ts';
import type { Runtime } from './runtime.ts';

export class HeldPass {
  readonly pass: Pass;
  readonly outer: HeldPass | undefined;
  /** How many passes lie outside this one. */
  readonly depth: number;

  constructor(pass: Pass, outer: HeldPass | undefined) {
    this.pass = pass;
    this.outer = outer;
    this.depth = outer === undefined ? 0 : outer.depth + 1;
  }
}

/** How a call ended. */
export interface Ending {
  readonly outcome: Outcome;
  readonly detail: unknown;
  /**
   * How many passes, from the outside, see `outcome` when the caller is answered; those further in
   * see the call cancelled.
   */
  readonly told: number;
}

/** Ends every pass: the caller is answered and the work has settled. */
export function endAll(
  innermost: HeldPass | undefined,
  outcome: Outcome,
  detail: unknown,
  runtime: Runtime,
): void {
  if (innermost === undefined) return;
  const now = runtime.now();
  for (let held: HeldPass | undefined = innermost; held !== undefined; held = held.outer) {
    try {
      held.pass.done(outcome, detail, now);
    } catch (error) {
      runtime.report(error, 'flight: end of a pass');
    }
  }
}

/** Ends the passes that wait for the answer, or those that wait for the work to settle. */
export function endSome(
  innermost: HeldPass | undefined,
  moment: 'answered' | 'settled',
  { outcome, detail, told }: Ending,
  runtime: Runtime,
): void {
  const untilSettled = moment === 'settled';
  for (let held = innermost; held !== undefined; held = held.outer) {
    if ((held.pass.untilSettled === true) !== untilSettled) continue;
    const seen = untilSettled || held.depth < told ? outcome : 'cancelled';
    endAll(new HeldPass(held.pass, undefined), seen, detail, runtime);
  }
}
