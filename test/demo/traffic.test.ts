import { describe, expect, it } from 'vitest';
import { MODEL_SPEEDS, serviceTime } from '../../examples/demo/service-time.ts';
import { serviceNamed } from '../../examples/demo/services.ts';
import { fixedPoolFor } from '../../examples/demo/sizing.ts';
import type { Trace } from '../../examples/demo/trace.ts';
import { TENANTS, trafficOf, zipfShares } from '../../examples/demo/traffic.ts';

const N = 20_000;
/** One request every 100 ms from the tenth second on. */
const trace: Trace = {
  count: N,
  at: Float64Array.from({ length: N }, (_, i) => 10_000 + i * 100),
  contextTokens: new Float64Array(N).fill(512),
  generatedTokens: new Float64Array(N).fill(101),
  service: new Uint8Array(N),
  services: [serviceNamed('code')],
};
const options = { scale: 3, jitterMs: 1_000, seed: 5, speed: MODEL_SPEEDS.h100 };

describe('trafficOf', () => {
  it('draws the same traffic from the same seed, and other traffic from another', () => {
    const bytes = (seed: number): string => {
      const { at, tenant } = trafficOf(trace, { ...options, seed });
      return [at, tenant].map((column) => Buffer.from(column.buffer).toString('hex')).join();
    };

    expect(bytes(5) === bytes(5)).toBe(true);
    expect(bytes(5) === bytes(6)).toBe(false);
  });

  it('brings every request as often as the scale says, in order, without compressing time', () => {
    const traffic = trafficOf(trace, options);

    expect(traffic.count).toBe(3 * N);
    expect([...traffic.at]).toEqual([...traffic.at].sort((a, b) => a - b));
    expect(traffic.at[0]).toBeGreaterThan(9_000 - 1e-9);
    const span = (traffic.at[traffic.count - 1] ?? 0) - (traffic.at[0] ?? 0);
    expect(Math.abs(span - (N - 1) * 100)).toBeLessThan(2_000);
  });

  it('keeps every request where it was without jitter', () => {
    const traffic = trafficOf(trace, { ...options, jitterMs: 0 });

    expect([...traffic.at]).toEqual([...trace.at].flatMap((at) => [at, at, at]));
  });

  it('moves copies by a uniform ±1 s: mean 0, variance a third, never beyond', () => {
    // Requests far apart: every copy still stands next to its origin.
    const sparse: Trace = { ...trace, at: trace.at.map((_, i) => 10_000 + i * 5_000) };
    const traffic = trafficOf(sparse, { ...options, scale: 1 });

    const moves = traffic.at.map((at, i) => at - (sparse.at[i] ?? 0));
    const mean = moves.reduce((sum, move) => sum + move, 0) / N;
    const variance = moves.reduce((sum, move) => sum + (move - mean) ** 2, 0) / N;
    const below = moves.filter((move) => move < -500).length / N;

    expect(Math.max(...moves.map(Math.abs))).toBeLessThanOrEqual(1_000);
    // Four standard errors of 20,000 draws each.
    expect(Math.abs(mean)).toBeLessThan((4 * 577.4) / Math.sqrt(N));
    expect(Math.abs(variance / 1e6 - 1 / 3)).toBeLessThan((4 * 0.298) / Math.sqrt(N));
    expect(Math.abs(below - 0.25)).toBeLessThan((4 * 0.433) / Math.sqrt(N));
  });

  it('draws tenants by their skewed shares', () => {
    const traffic = trafficOf(trace, options);
    const counts = new Array<number>(TENANTS).fill(0);
    for (const tenant of traffic.tenant) counts[tenant] = (counts[tenant] ?? 0) + 1;

    zipfShares(TENANTS, 1).forEach((share, tenant) => {
      const deviation = Math.sqrt(traffic.count * share * (1 - share));
      expect(Math.abs((counts[tenant] ?? 0) - traffic.count * share)).toBeLessThan(4.5 * deviation);
    });
  });
});

describe('serviceTime', () => {
  const time = (contextTokens: number, generatedTokens: number): number =>
    serviceTime(MODEL_SPEEDS.h100, { contextTokens, generatedTokens });

  it('is the published first-token time at a measured length', () => {
    expect([128, 1_024, 8_192].map((context) => time(context, 1))).toEqual([58.2, 77.9, 844.9]);
  });

  it('lies between the measured points, and goes on along the last slope', () => {
    expect(time(3_072, 1)).toBeCloseTo((136.8 + 390.3) / 2, 9);
    expect(time(10_240, 1)).toBeCloseTo(844.9 + (844.9 - 390.3) / 2, 9);
    expect(time(1, 1)).toBe(58.2);
  });

  it('adds the token time for every token but the first', () => {
    expect(time(128, 11)).toBeCloseTo(58.2 + 10 * 34.2, 9);
  });
});

describe('fixedPoolFor', () => {
  it('covers the busiest minute and the square-root reserve', () => {
    const serviceMs = new Float64Array(N).fill(1_600);
    const size = fixedPoolFor(trace, serviceMs);

    // Ten requests a second of 1.6 s each are 16 Erlang, and 16 + 2·√16 = 24.
    expect(size).toEqual({ busiestMinuteErlang: 16, workers: 24 });
  });
});
