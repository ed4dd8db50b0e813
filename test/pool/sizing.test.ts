import { describe, expect, it } from 'vitest';
import { floorOf, sizeChange } from '../../src/pool/sizing.ts';

describe('the size of a pool', () => {
  // min, max, target | idle, busy, starting, backlog | change
  it.each([
    ['keeps its minimum ready', [2, 5, undefined], [0, 0, 0, 0], 2],
    ['starts one per waiting call', [0, 5, undefined], [0, 0, 0, 3], 3],
    ['counts those on their way', [0, 5, undefined], [0, 0, 2, 3], 1],
    ['adds to those at work', [0, 9, undefined], [0, 4, 1, 3], 2],
    ['stops at its maximum', [0, 5, undefined], [0, 4, 0, 9], 1],
    ['keeps idle workers', [0, 5, undefined], [4, 1, 0, 0], 0],
    ['lets go beyond a lowered maximum', [0, 2, undefined], [1, 2, 1, 0], -2],
    ['follows a target up', [0, 9, 6], [1, 2, 0, 0], 3],
    ['follows a target down', [0, 9, 1], [1, 2, 0, 5], -2],
    ['holds a target within its bounds', [2, 4, 9], [1, 1, 0, 0], 2],
    ['holds a target above its minimum', [2, 4, 0], [2, 1, 0, 0], -1],
  ])('%s', (_title, [min, max, target], [idle, busy, starting, backlog], change) => {
    const limits = { min: min as number, max: max as number, target };

    const got = sizeChange(limits, {
      idle: idle as number,
      busy: busy as number,
      starting: starting as number,
      backlog: backlog as number,
      spares: 0,
      lack: 0,
    });

    expect(got).toBe(change);
  });

  it('shrinks by idling down to the minimum, or to the target', () => {
    const counts = { busy: 0, spares: 0 };
    expect(floorOf({ min: 1, max: 9, target: undefined }, counts)).toBe(1);
    expect(floorOf({ min: 1, max: 9, target: 4 }, counts)).toBe(4);
    expect(floorOf({ min: 1, max: 3, target: 4 }, counts)).toBe(3);
  });
});
