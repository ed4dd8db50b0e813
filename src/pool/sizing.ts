/**
 * How many workers there should be: the pure part of an elastic pool.
 *
 * Without a target the pool grows to what runs and waits, and its spares, between `min` and `max`, and
 * shrinks only when workers have been idle for long. With a target, set by a scaling engine, it holds
 * exactly that many.
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
  /** Free workers wanted beyond what is needed now. */
  readonly spares: number;
  /** Workers missing because those that are free cannot do what is asked for. */
  readonly lack: number;
}

/** Workers to start (positive) or to take away (negative). */
export function sizeChange(limits: PoolLimits, counts: PoolCounts): number {
  const { min, max } = limits;
  const existing = counts.idle + counts.busy + counts.starting;
  if (limits.target !== undefined) return sizeOf(limits) - existing;
  const needed = counts.busy + counts.backlog + counts.spares;
  const wanted = clamp(Math.max(needed, existing + counts.lack), min, max);
  if (wanted > existing) return wanted - existing;
  return Math.min(0, max - existing);
}

/** The size at and below which idle workers are left alone. */
export function floorOf(limits: PoolLimits, counts: Pick<PoolCounts, 'busy' | 'spares'>): number {
  if (limits.target !== undefined) return sizeOf(limits);
  return clamp(counts.busy + counts.spares, limits.min, limits.max);
}

/** The size the pool goes by: its target, or else the most it may have. */
export function sizeOf({ min, max, target = max }: PoolLimits): number {
  return clamp(target, min, max);
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value));
}
