/**
 * How many workers there should be: the pure part of an elastic pool.
 *
 * Without a target the pool grows to what runs and waits, between `min` and `max`, and shrinks only
 * when workers have been idle for long. With a target, set by a scaling engine, it holds exactly that
 * many.
 */

/** The bounds of a pool, and the size a scaling engine asked for. */
export interface PoolLimits {
  /** Fewest workers, kept ready. */
  readonly min: number;
  /** Most workers. */
  readonly max: number;
  /** Exactly so many, within min and max; undefined: as many as are needed. */
  readonly target: number | undefined;
}

/** Who is there. Workers that are being drained or destroyed count for nothing. */
export interface PoolCounts {
  readonly idle: number;
  readonly busy: number;
  readonly starting: number;
  /** Calls that wait for a worker. */
  readonly backlog: number;
}

/** Workers to start (positive) or to take away (negative). */
export function sizeChange(limits: PoolLimits, counts: PoolCounts): number {
  const { min, max } = limits;
  const existing = counts.idle + counts.busy + counts.starting;
  if (limits.target !== undefined) return clamp(limits.target, min, max) - existing;
  const wanted = clamp(counts.busy + counts.backlog, min, max);
  if (wanted > existing) return wanted - existing;
  return Math.min(0, max - existing);
}

/** The size below which idle workers are left alone. */
export function floorOf(limits: PoolLimits): number {
  return limits.target === undefined ? limits.min : clamp(limits.target, limits.min, limits.max);
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value));
}
