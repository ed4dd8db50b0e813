/**
 * Fits the Universal Scalability Law to measurements.
 *
 * Least squares on throughput with 0 ≤ σ ≤ 1, κ ≥ 0, λ > 0, by Levenberg–Marquardt with projection
 * onto the bounds. Not the popular fit of a quadratic to the deviation from linearity: that one
 * weighs errors wrongly (σ −39 %, κ −24 % on SPEC SDM91).
 */
import { optionChecks } from '../core/options.ts';
import { solve } from './linear.ts';
import { usl, type Usl } from './usl.ts';

/** One measurement. */
export interface UslPoint {
  /** Users, workers or processors; > 0. */
  readonly concurrency: number;
  /** Work finished per unit of time; > 0. */
  readonly throughput: number;
}

/** The law fitted to measurements, and how much to trust it. */
export interface UslFit extends Usl {
  /** Standard error of each parameter; NaN for one that lies on its bound. */
  readonly standardErrors: Readonly<Record<'lambda' | 'sigma' | 'kappa', number>>;
  /** Standard deviation of the measurements about the curve, in units of throughput. */
  readonly residualStandardError: number;
  /** Sum of squared residuals. */
  readonly squaredError: number;
}

/**
 * Fits the law to 6 or more measurements at 3 or more different levels of concurrency. They should
 * reach past the knee: points on the straight part say nothing about σ and κ.
 *
 * O(points) per iteration, at most 500 iterations and usually fewer than 20.
 *
 * @throws OptionError naming the first unusable point, or when there are too few
 */
export function fitUsl(points: readonly UslPoint[]): UslFit {
  checkPoints(points);
  const best = descend(points, startFrom(points));
  const { gram } = normalEquations(points, best);
  const free = freeOf(best, [0, 0, 0]);
  const squaredError = errorOf(points, best);
  const variance = squaredError / (points.length - free.length);
  const errors = [NaN, NaN, NaN];
  const picked = free.map((i) => free.map((j) => (gram[i] as number[])[j] as number));
  for (const [at, i] of free.entries()) {
    const unit = free.map((_, k) => (k === at ? 1 : 0));
    errors[i] = Math.sqrt(variance * (solve(picked, unit)?.[at] ?? NaN));
  }
  const [lambda, sigma, kappa] = best;
  const [ofLambda, ofSigma, ofKappa] = errors as Vector;
  return {
    ...usl({ lambda, sigma, kappa }),
    standardErrors: { lambda: ofLambda, sigma: ofSigma, kappa: ofKappa },
    residualStandardError: Math.sqrt(variance),
    squaredError,
  };
}

/** λ, σ, κ. */
type Vector = [number, number, number];

function checkPoints(points: readonly UslPoint[]): void {
  const check = optionChecks('fitUsl');
  if (!Array.isArray(points)) check.refuse('points', 'a list of measurements', points);
  if (points.length < 6) check.refuse('points', 'at least 6 measurements', points.length);
  for (const [i, point] of points.entries()) {
    if (typeof point !== 'object' || point === null)
      check.refuse(`points[${i}]`, 'a measurement', point);
    const { concurrency, throughput } = point;
    check.positive(`points[${i}].concurrency`, concurrency);
    check.positive(`points[${i}].throughput`, throughput);
  }
  const levels = new Set(points.map(({ concurrency }) => concurrency)).size;
  if (levels < 3) check.refuse('points', 'at 3 or more different concurrencies', levels);
}

function startFrom(points: readonly UslPoint[]): Vector {
  const perWorker = points.map(({ concurrency, throughput }) => throughput / concurrency);
  return [Math.max(...perWorker), 0.1, 0.01];
}

function descend(points: readonly UslPoint[], start: Vector): Vector {
  let at = start;
  let error = errorOf(points, at);
  let damping = 1e-3;
  for (let i = 0; i < 500 && damping < 1e12; i++) {
    const { gram, slope } = normalEquations(points, at);
    const next = step({ at, gram, slope, damping });
    const nextError = next === undefined ? Infinity : errorOf(points, next);
    if (next === undefined || !(nextError <= error)) {
      damping *= 4;
      continue;
    }
    const moved = next.some((x, k) => Math.abs(x - (at[k] as number)) > 1e-12 * Math.abs(x));
    // Nielsen's rule: where the data are far from the law, full steps jump to and fro across the
    // valley and each gains little of what it promised; such a gain raises the damping.
    const gain = (error - nextError) / promised({ gram, slope }, at, next);
    damping = Math.max(damping * Math.max(1 / 3, 1 - (2 * gain - 1) ** 3), 1e-12);
    at = next;
    error = nextError;
    if (!moved) break;
  }
  return at;
}

/** How much a step lowers the squared error if the curve were straight: 2 mᵀs − mᵀGm. */
function promised(
  { gram, slope }: Pick<Position, 'gram' | 'slope'>,
  at: Vector,
  next: Vector,
): number {
  const moves = next.map((x, k) => x - (at[k] as number));
  return moves.reduce((sum, move, i) => {
    const pull = moves.reduce((row, other, j) => row + (gram[i]?.[j] as number) * other, 0);
    return sum + move * (2 * (slope[i] as number) - pull);
  }, 0);
}

interface Position {
  readonly at: Vector;
  readonly gram: readonly (readonly number[])[];
  readonly slope: readonly number[];
  readonly damping: number;
}

/** One damped step in the parameters that may move, cut off at the bounds. */
function step({ at, gram, slope, damping }: Position): Vector | undefined {
  const free = freeOf(at, slope);
  const picked = free.map((i) =>
    free.map((j) => ((gram[i] as number[])[j] as number) * (i === j ? 1 + damping : 1)),
  );
  const moves = solve(
    picked,
    free.map((i) => slope[i] as number),
  );
  if (moves === undefined) return undefined;
  const next: Vector = [...at];
  for (const [k, i] of free.entries()) next[i as 0] += moves[k] as number;
  const [lambda, sigma, kappa] = next;
  return lambda > 0 ? [lambda, Math.min(1, Math.max(0, sigma)), Math.max(0, kappa)] : undefined;
}

/** The parameters that are inside their bounds, or would leave the bound inwards. */
function freeOf([, sigma, kappa]: Vector, slope: readonly number[]): number[] {
  const free = [0];
  const [, ofSigma, ofKappa] = slope as Vector;
  if ((sigma > 0 || ofSigma > 0) && (sigma < 1 || ofSigma < 0)) free.push(1);
  if (kappa > 0 || ofKappa > 0) free.push(2);
  return free;
}

/** JᵀJ and Jᵀr, where r is measured − fitted: `slope` points downhill. */
function normalEquations(
  points: readonly UslPoint[],
  at: Vector,
): { gram: number[][]; slope: number[] } {
  const gram = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  const slope = [0, 0, 0];
  for (const { concurrency: n, throughput } of points) {
    const fitted = curve(at, n);
    const shrink = -fitted / divisor(at, n);
    const row = [fitted / at[0], shrink * (n - 1), shrink * n * (n - 1)];
    for (const [i, x] of row.entries()) {
      slope[i] = (slope[i] as number) + x * (throughput - fitted);
      const into = gram[i] as number[];
      for (const [j, y] of row.entries()) into[j] = (into[j] as number) + x * y;
    }
  }
  return { gram, slope };
}

function errorOf(points: readonly UslPoint[], at: Vector): number {
  let sum = 0;
  for (const { concurrency, throughput } of points)
    sum += (throughput - curve(at, concurrency)) ** 2;
  return sum;
}

function curve(at: Vector, n: number): number {
  return (at[0] * n) / divisor(at, n);
}

function divisor([, sigma, kappa]: Vector, n: number): number {
  return 1 + sigma * (n - 1) + kappa * n * (n - 1);
}
