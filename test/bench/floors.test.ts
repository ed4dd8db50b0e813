import { describe, expect, it } from 'vitest';
import type { Goal } from '../../bench/harness/benchmark.ts';
import {
  format,
  judge,
  loosened,
  met,
  record,
  regressed,
  type Floor,
  type Result,
} from '../../bench/harness/floors.ts';

const goal: Goal = { id: 'take', says: 'is cheap', value: (ns) => ns('ours'), atMost: 1.3 };
const rounds = [10, 20, 40].map((clock) => ({ 'clock read': clock }));

function result(over: Partial<Result> = {}): Result {
  return { ...judge('m/f#take', goal, [1, 1, 1], rounds), ...over };
}

const floor: Floor = {
  goal: 1.3,
  better: 'less',
  quick: { comparable: 1, noise: 0.1 },
  machine: 'here',
};

describe('judging a goal', () => {
  it('takes the median of the rounds and the spread beside it', () => {
    const judged = judge('m/f#take', goal, [1, 2, 9], rounds);

    expect(judged).toMatchObject({ value: 2, comparable: 2, noise: 2, better: 'less', goal: 1.3 });
  });

  it('records nanoseconds as a multiple of the clock read of the same round', () => {
    const judged = judge('m/f#take', { ...goal, unit: 'ns' }, [10, 20, 40], rounds);

    expect(judged.value).toBe(20);
    expect(judged.comparable).toBe(1);
  });

  it('records a rate as the number done in the time of one calibration', () => {
    const judged = judge('m/f#take', { ...goal, unit: 'per second' }, [1e8, 5e7, 2.5e7], rounds);

    expect(judged.comparable).toBe(1);
  });

  it('knows on which side of the goal a figure must lie', () => {
    expect(met(result({ value: 1.3 }))).toBe(true);
    expect(met(result({ value: 1.31 }))).toBe(false);
    expect(met(result({ value: 1.31, better: 'more' }))).toBe(true);
  });
});

describe('a regression', () => {
  const measured = (comparable: number, over: Partial<Result> = {}): Result =>
    result({ comparable, value: comparable, noise: 0.1, ...over });

  it('is a figure worse than recorded by more than the tolerance', () => {
    expect(regressed([measured(1.34)], floor, 'quick', 'here')).toBe(false);
    expect(regressed([measured(1.36)], floor, 'quick', 'here')).toBe(true);
  });

  it('is judged by the best of the measurements', () => {
    const attempts = [measured(5), measured(3), measured(1.2)];

    expect(regressed(attempts, floor, 'quick', 'here')).toBe(false);
  });

  it('allows a recorded noise that is wider than the tolerance', () => {
    const noisy: Floor = { ...floor, quick: { comparable: 1, noise: 0.8 } };

    expect(regressed([measured(1.7)], noisy, 'quick', 'here')).toBe(false);
    expect(regressed([measured(1.9)], noisy, 'quick', 'here')).toBe(true);
  });

  it('allows the noise of the measurement itself', () => {
    expect(regressed([measured(1.7, { noise: 0.8 })], floor, 'quick', 'here')).toBe(false);
  });

  it('allows more to figures that are held against the calibration', () => {
    expect(regressed([measured(1.5, { unit: 'ns' })], floor, 'quick', 'here')).toBe(false);
    expect(regressed([measured(1.7, { unit: 'ns' })], floor, 'quick', 'here')).toBe(true);
  });

  it('allows twice the cost on a machine that was not recorded', () => {
    expect(regressed([measured(1.9)], floor, 'quick', 'elsewhere')).toBe(false);
    expect(regressed([measured(2.1)], floor, 'quick', 'elsewhere')).toBe(true);
  });

  it('is a fall where more is better', () => {
    const more: Floor = { ...floor, better: 'more', goal: 3, quick: { comparable: 4, noise: 0 } };
    const fallen = (comparable: number): Result => measured(comparable, { better: 'more' });

    expect(regressed([fallen(3)], more, 'quick', 'here')).toBe(false);
    expect(regressed([fallen(2.9)], more, 'quick', 'here')).toBe(true);
  });

  it('needs a record in the same mode', () => {
    expect(regressed([measured(100)], floor, 'full', 'here')).toBe(false);
  });
});

describe('a floor', () => {
  const where = { machine: 'here', node: 'v20.0.0', date: '2026-01-01' };

  it('keeps the median of several measurements, and as noise what lies between them', () => {
    const results = [1, 1.2, 1.5].map((comparable) => result({ comparable, noise: 0.01 }));

    expect(record(results, undefined, 'quick', where).quick).toEqual({
      comparable: 1.2,
      noise: 0.417,
    });
  });

  it('keeps what the other mode recorded', () => {
    expect(record([result()], floor, 'full', where)).toMatchObject({ quick: floor.quick });
  });

  it('is loosened by a goal that asks for less or turns round, not by one that asks for more', () => {
    expect(loosened(result({ goal: 1.4 }), floor)).toBe(true);
    expect(loosened(result({ better: 'more' }), floor)).toBe(true);
    expect(loosened(result({ goal: 1.2 }), floor)).toBe(false);
  });

  it('is written one goal a line, in order', () => {
    const text = format({ 24: { b: floor, a: floor }, 20: { c: floor } });

    expect(JSON.parse(text)).toEqual({ 20: { c: floor }, 24: { a: floor, b: floor } });
    expect(text.split('\n').map((line) => line.trim().slice(0, 4))).toEqual([
      ...['{', '"20"', '"c":', '},', '"24"', '"a":', '"b":', '}', '}', ''],
    ]);
  });
});
