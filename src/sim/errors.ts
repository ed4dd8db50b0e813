/** What can go wrong with a virtual run itself. */

import { TenfoldError } from '../core/index.ts';

/** The program cannot go on: nothing is armed that could wake it. */
export class StalledError extends TenfoldError {
  /** Virtual time of the standstill, in ms. */
  readonly at: number;
  /** Who waits for what, a line each. */
  readonly waiting: readonly string[];

  constructor(at: number, waiting: readonly string[]) {
    const lines = waiting.length === 0 ? ['a promise that no primitive knows of'] : waiting;
    super('ERR_STALLED', `virtual time stands at ${at} ms, waiting for:\n- ${lines.join('\n- ')}`);
    this.at = at;
    this.waiting = lines;
  }
}

/** Work goes on for ever without time passing: an endless chain of microtasks or of zero delays. */
export class EndlessLoopError extends TenfoldError {
  /** Virtual time of the loop, in ms. */
  readonly at: number;

  constructor(at: number, what: string) {
    super('ERR_ENDLESS_LOOP', `virtual time does not pass ${at} ms: ${what}`);
    this.at = at;
  }
}
