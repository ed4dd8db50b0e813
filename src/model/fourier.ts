/** The fast Fourier transform (Cooley and Tukey, 1965), for lengths that are powers of two. */

/** A complex series: real and imaginary parts of equal, power-of-two length. */
export interface ComplexSeries {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** The transform of a real series, padded with zeros to `length` (a power of two). O(n log n). */
export function transformOf(values: readonly number[], length: number): ComplexSeries {
  const series = { re: new Float64Array(length), im: new Float64Array(length) };
  series.re.set(values);
  transform(series);
  return series;
}

/** Transforms in place, forwards and without scaling. O(n log n). */
export function transform({ re, im }: ComplexSeries): void {
  const n = re.length;
  reverseBits(re);
  reverseBits(im);
  for (let half = 1; half < n; half *= 2) {
    const angle = -Math.PI / half;
    for (let offset = 0; offset < half; offset++) {
      const cos = Math.cos(angle * offset);
      const sin = Math.sin(angle * offset);
      for (let at = offset; at < n; at += 2 * half) butterfly({ re, im }, at, at + half, cos, sin);
    }
  }
}

function butterfly(
  series: ComplexSeries,
  low: number,
  high: number,
  cos: number,
  sin: number,
): void {
  const { re, im } = series;
  const a = re[high] as number;
  const b = im[high] as number;
  const turnedRe = a * cos - b * sin;
  const turnedIm = a * sin + b * cos;
  re[high] = (re[low] as number) - turnedRe;
  im[high] = (im[low] as number) - turnedIm;
  re[low] = (re[low] as number) + turnedRe;
  im[low] = (im[low] as number) + turnedIm;
}

function reverseBits(values: Float64Array): void {
  const n = values.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j |= bit;
    if (i < j) [values[i], values[j]] = [values[j] as number, values[i] as number];
  }
}
