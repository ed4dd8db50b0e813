/** Pools of agents for tests. */

import type { Pool, PoolOptions } from '../../src/pool/index.ts';
import { pool } from '../../src/pool/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';

export interface Agent {
  readonly id: number;
}

/** What became of a promise: its value, or the code of its error. */
export const codeOf = async (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    (value) => value,
    (error: unknown) => (error as { code?: string }).code ?? error,
  );

/** A pool of numbered agents that take `startMs` to start, and who was destroyed. */
export function agents(
  runtime: VirtualRuntime,
  options: Partial<PoolOptions<Agent>> & { startMs?: number } = {},
): { made: Pool<Agent>; destroyed: number[] } {
  const { startMs = 0, ...rest } = options;
  const destroyed: number[] = [];
  let id = 0;
  const made = pool<Agent>({
    create: async () => {
      await runtime.sleep(startMs);
      return { id: ++id };
    },
    destroy: (agent) => destroyed.push(agent.id),
    max: 4,
    runtime,
    ...rest,
  });
  return { made, destroyed };
}
