/** Elastic pools of workers, connections and agents. */
export { pool } from './pool.ts';
export type { PoolLimits } from './sizing.ts';
export type {
  CreateContext,
  Pool,
  PoolCloseOptions,
  PoolCloseReport,
  PoolOptions,
  PoolResize,
  PoolScaleInRules,
  PoolSnapshot,
  RecycleOptions,
  SpecialityOptions,
} from './types.ts';
