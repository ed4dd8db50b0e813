/** Small dense linear systems, for fits with a handful of parameters. */

/**
 * Solves A·x = b by Gaussian elimination with partial pivoting; undefined when A is singular to
 * working precision. O(n³).
 */
export function solve(
  a: readonly (readonly number[])[],
  b: readonly number[],
): number[] | undefined {
  const n = b.length;
  const rows = a.map((row, i) => [...row, b[i] as number]);
  const at = (r: number, c: number): number => (rows[r] as number[])[c] as number;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let r = column + 1; r < n; r++) {
      if (Math.abs(at(r, column)) > Math.abs(at(pivot, column))) pivot = r;
    }
    [rows[column], rows[pivot]] = [rows[pivot] as number[], rows[column] as number[]];
    const size = Math.abs(at(column, column));
    if (!(size > Number.MIN_VALUE / Number.EPSILON)) return undefined;
    for (let r = column + 1; r < n; r++) {
      const factor = at(r, column) / at(column, column);
      for (let c = column; c <= n; c++)
        (rows[r] as number[])[c] = at(r, c) - factor * at(column, c);
    }
  }
  const x = Array<number>(n).fill(0);
  for (let r = n - 1; r >= 0; r--) {
    let sum = at(r, n);
    for (let c = r + 1; c < n; c++) sum -= at(r, c) * (x[c] as number);
    x[r] = sum / at(r, r);
  }
  return x.every(Number.isFinite) ? x : undefined;
}
