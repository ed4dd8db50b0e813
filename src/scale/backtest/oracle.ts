/**
 * The oracle: knows what will come, has the same start-up time, never lacks a unit and pays least.
 *
 * Exact: unit k is needed while demand is k or more. Between two such spans it is cheapest to keep it
 * if the gap is shorter than a start-up, which is paid as well, and to stop it otherwise.
 */

export interface OracleBill {
  /** Unit-milliseconds paid, start-ups included. */
  readonly paidMs: number;
  /** Unit-milliseconds of demand. */
  readonly demandMs: number;
  /** Times a unit is started. */
  readonly starts: number;
}

/**
 * The oracle's bill.
 *
 * @param demand units needed in each interval
 */
export function oracleBill(
  demand: ArrayLike<number>,
  everyMs: number,
  startupMs: number,
): OracleBill {
  /** When unit k was last needed; undefined before it first was. */
  const idleSince: number[] = [];
  let [paidMs, demandMs, starts, before] = [0, 0, 0, 0];
  for (let i = 0; i < demand.length; i++) {
    const units = demand[i] as number;
    const now = i * everyMs;
    demandMs += units * everyMs;
    paidMs += units * everyMs;
    for (let k = units; k < before; k++) idleSince[k] = now;
    for (let k = before; k < units; k++) {
      const idleMs = now - (idleSince[k] ?? -Infinity);
      // At the beginning the fleet stands, as it does for every policy.
      if (i === 0) continue;
      paidMs += Math.min(idleMs, startupMs);
      if (idleMs > startupMs) starts++;
    }
    before = units;
  }
  return { paidMs, demandMs, starts };
}
