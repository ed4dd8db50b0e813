/**
 * How long a model takes for a request: a time to the first token that depends on the context, plus
 * a time for every further token that depends on how many requests a machine works on at once.
 *
 * The figures are measurements published with Splitwise (P. Patel et al., ISCA 2024), the paper the
 * traces come from: Llama-2-70B on one DGX with eight GPUs, tensor parallelism 8; median of the
 * profiling runs of each setting in data/perf_model.csv of github.com/Mutinifni/splitwise-sim at
 * 8f99e7d (MIT). First token: batch 1, by prompt size. Further tokens: prompt 512, by batch.
 */

/** A measured curve: ascending x, and y in ms. */
export type Curve = readonly (readonly [x: number, ms: number])[];

/** How fast a model is. */
export interface ModelSpeed {
  readonly label: string;
  /** Time to the first token by context tokens. */
  readonly firstToken: Curve;
  /** Time of each further token by batch. */
  readonly token: Curve;
}

/** The published speeds. */
export const MODEL_SPEEDS: Readonly<Record<'h100' | 'a100', ModelSpeed>> = {
  h100: {
    label: 'Llama-2-70B on DGX-H100',
    firstToken: [
      [128, 58.2],
      [256, 51.7],
      [512, 53.4],
      [1_024, 77.9],
      [2_048, 136.8],
      [4_096, 390.3],
      [8_192, 844.9],
    ],
    token: [
      [1, 29.8],
      [2, 30.3],
      [4, 31.8],
      [8, 32.5],
      [16, 34.2],
      [32, 38.6],
      [64, 50.2],
    ],
  },
  a100: {
    label: 'Llama-2-70B on DGX-A100',
    firstToken: [
      [128, 65.3],
      [256, 66.8],
      [512, 94.3],
      [1_024, 154.5],
      [2_048, 274.2],
      [4_096, 661.2],
      [8_192, 1_549.8],
    ],
    token: [
      [1, 44.9],
      [2, 44.6],
      [4, 45.8],
      [8, 46.5],
      [16, 50.4],
      [32, 53.0],
      [64, 71.6],
    ],
  },
};

/** The batch at which a machine is meant to run; times without further mention are of this batch. */
export const REFERENCE_BATCH = 16;

/** Milliseconds a backend at its reference batch needs for a request. */
export function serviceTime(
  speed: ModelSpeed,
  request: { readonly contextTokens: number; readonly generatedTokens: number },
): number {
  const first = readCurve(speed.firstToken, request.contextTokens);
  return first + (request.generatedTokens - 1) * readCurve(speed.token, REFERENCE_BATCH);
}

/**
 * Speed of each request in a batch of `batch`, against the reference batch. Beyond the largest batch
 * measured a machine gains nothing: the requests share its tokens per second.
 */
export function speedAtBatch({ token }: ModelSpeed, batch: number): number {
  const largest = token[token.length - 1]?.[0] ?? 1;
  const shared = Math.max(1, batch / largest);
  return readCurve(token, REFERENCE_BATCH) / (readCurve(token, Math.min(batch, largest)) * shared);
}

/** Linear between the measured points, level before the first, and on along the last slope. */
function readCurve(curve: Curve, x: number): number {
  const [first] = curve;
  if (first === undefined || x <= first[0] || curve.length === 1) return first?.[1] ?? 0;
  let upper = 1;
  while (upper < curve.length - 1 && (curve[upper]?.[0] ?? x) < x) upper++;
  const [x0, y0] = curve[upper - 1] as readonly [number, number];
  const [x1, y1] = curve[upper] as readonly [number, number];
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}
