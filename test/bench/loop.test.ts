import { expect, it } from 'vitest';
import { prepare } from '../../bench/harness/loop.ts';
import { median, quantile, spread } from '../../bench/harness/statistics.ts';

it('calls a synchronous contender once per call, numbered on from slice to slice', async () => {
  const seen: number[] = [];
  const runner = await prepare('c', { setup: () => ({ run: (i) => seen.push(i) }) }, 0);

  await runner.slice(2);
  const ns = await runner.slice(3);

  expect(seen).toEqual([0, 1, 2, 3, 4]);
  expect(ns).toBeGreaterThan(0);
});

it('awaits every run of an asynchronous contender before the next', async () => {
  let open = 0;
  let most = 0;
  const run = async (): Promise<void> => {
    most = Math.max(most, ++open);
    await Promise.resolve();
    open--;
  };
  const runner = await prepare('c', { async: true, setup: () => ({ run }) }, 0);

  await runner.slice(10);

  expect({ open, most }).toEqual({ open: 0, most: 1 });
});

it('tears a contender down', async () => {
  let torn = false;
  const prepared = { run: () => 1, teardown: () => void (torn = true) };
  const runner = await prepare('c', { setup: () => prepared }, 0);

  await runner.close();

  expect(torn).toBe(true);
});

it('takes quantiles between the values', () => {
  expect(quantile([4, 1, 3, 2], 0.25)).toBe(1.75);
  expect(median([3, 1, 2])).toBe(2);
  expect(spread([10, 10, 10])).toBe(0);
  expect(spread([1, 2, 3])).toBe(0.5);
});
