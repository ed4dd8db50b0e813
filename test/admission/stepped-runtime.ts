import type { Runtime } from '../../src/core/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

/** A virtual runtime whose clock is set by hand, also backwards, for decisions that do not wait. */
export function steppedRuntime(): Runtime & { set(ms: number): void } {
  let time = 0;
  return Object.assign(Object.create(virtualRuntime()) as Runtime, {
    now: () => time,
    set(ms: number) {
      time = ms;
    },
  });
}
