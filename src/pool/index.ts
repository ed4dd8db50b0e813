/** Elastic pools of workers, connections and agents. */
export { pool } from './pool.ts';
export type { PoolLimits } from './sizing.ts';
export type {
  Pool,
  PoolCloseOptions,
  PoolCloseReport,
  PoolOptions,
  PoolResize,
  PoolSnapshot,
} from './types.ts';
