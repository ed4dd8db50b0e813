/** The limit of a limiter that was closed: whoever asks is told so. */

import { ClosedError, stackless } from '../core/index.ts';
import type { Ahead, Limit } from './limit.ts';

/** What those are rejected with who wait at, or come to, the closed limiter `name`. */
export function closedError(name: string): ClosedError {
  return stackless(() => new ClosedError(`${name} is closed`));
}

/** Never lets anybody pass, and throws a ClosedError instead of saying why. */
export function closedLimit(name: string, nobody: () => Ahead): Limit {
  const refuse = (): never => {
    throw closedError(name);
  };
  return {
    nobody,
    count: () => undefined,
    waitMs: () => Infinity,
    admit: refuse,
    enter: () => Infinity,
    explain: refuse,
    peek: refuse,
    adjust: refuse,
  };
}
