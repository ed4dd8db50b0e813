import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { optionChecks } from '../../src/core/index.ts';
import type { BackoffOptions } from '../../src/policy/backoff.ts';
import { backoffMs, backoffShape } from '../../src/policy/backoff.ts';
import vectors from '../vectors/breaker-windows.json' with { type: 'json' };

const check = optionChecks('backoff');
const [capped, randomized, grown] = vectors.backoff.cases;

function waits(options: BackoffOptions, attempts: number, random: () => number): number[] {
  const shape = backoffShape(check, options);
  const all: number[] = [];
  for (let attempt = 1; attempt <= attempts; attempt++) {
    all.push(backoffMs(shape, attempt, all.at(-1) ?? 0, random));
  }
  return all;
}

const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('backoff', () => {
  it('grows up to the longest wait as published', () => {
    const { initialMs = 0, multiplier = 0, maxMs = 0, strictlyIncreasingFor = [] } = capped ?? {};
    const options = { delayMs: initialMs, growth: multiplier, maxDelayMs: maxMs, jitter: 'none' };

    const all = waits(options as BackoffOptions, 13, () => 0.5);

    const [from = 0, to = 0] = strictlyIncreasingFor;
    for (let i = from; i < to; i++) expect(all[i]).toBeGreaterThan(all[i - 1] as number);
    expect({ 12: all[11], 13: all[12] }).toEqual((capped as { expect?: unknown }).expect);
  });

  it('stays within the published range of a randomised constant', () => {
    const { baseMs = 0, factor = 0, attempts = [], expectRange = [] } = randomized ?? {};
    const [least, most] = expectRange as number[];

    fc.assert(
      fc.property(fc.infiniteStream(unit), (numbers) => {
        const random = (): number => numbers.next().value as number;
        const all = waits({ delayMs: baseMs, growth: 1, jitter: factor }, attempts[1] ?? 0, random);
        expect(Math.min(...all)).toBeGreaterThanOrEqual(least as number);
        expect(Math.max(...all)).toBeLessThanOrEqual(most as number);
      }),
    );
  });

  it('stays within the published range of a randomised growing wait', () => {
    const { initialMs = 0, multiplier = 0, factor = 0 } = grown ?? {};

    fc.assert(
      fc.property(fc.infiniteStream(unit), (numbers) => {
        const random = (): number => numbers.next().value as number;
        const options = { delayMs: initialMs, growth: multiplier, maxDelayMs: Infinity };
        let base = initialMs;
        for (const ms of waits({ ...options, jitter: factor }, 20, random)) {
          expect(ms).toBeGreaterThanOrEqual(base * (1 - factor) - 1);
          expect(ms).toBeLessThanOrEqual(base * (1 + factor) + 1);
          base *= multiplier;
        }
      }),
    );
  });

  it('spreads full jitter over the whole wait', () => {
    expect(waits({ delayMs: 100, jitter: 'full' }, 3, () => 0)).toEqual([0, 0, 0]);
    expect(waits({ delayMs: 100, jitter: 'full' }, 3, () => 0.5)).toEqual([50, 100, 200]);
  });

  it('takes decorrelated jitter from the first wait to three times the last', () => {
    const options: BackoffOptions = { delayMs: 100, maxDelayMs: 2_000, jitter: 'decorrelated' };

    expect(waits(options, 4, () => 0)).toEqual([100, 100, 100, 100]);
    expect(waits(options, 4, () => 0.5)).toEqual([200, 350, 575, 912.5]);
    expect(waits(options, 4, () => 1 - 1e-12).map(Math.round)).toEqual([300, 900, 2_000, 2_000]);
  });

  it.each([
    [{ jitter: -0.0001 }, 'backoff.jitter'],
    [{ jitter: 1.0001 }, 'backoff.jitter'],
    [{ jitter: 'some' as never }, 'backoff.jitter'],
    [{ delayMs: -1 }, 'backoff.delayMs'],
    [{ growth: 0.5 }, 'backoff.growth'],
    [{ delayMs: 100, maxDelayMs: 50 }, 'backoff.maxDelayMs'],
  ])('refuses %j', (options, option) => {
    expect(() => backoffShape(check, options)).toThrow(expect.objectContaining({ option }));
  });
});
