import { expect, it } from 'vitest';
import { createDelayMs } from '../../src/pool/create-backoff.ts';

const backoff = { baseMs: 100, maxMs: 1000 };

it.each([
  [1, 0, 50],
  [1, 1, 100],
  [2, 0.5, 150],
  [4, 1, 800],
  [5, 1, 1000],
  [2000, 0, 500],
])('after %i failures, drawing %f, waits %f ms', (failures, draw, ms) => {
  expect(createDelayMs(backoff, failures, draw)).toBe(ms);
});
