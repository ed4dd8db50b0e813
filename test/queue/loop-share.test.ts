import { describe, expect, it } from 'vitest';
import { systemRuntime } from '../../src/core/index.ts';
import { LoopShare } from '../../src/queue/loop-share.ts';
import { Pace } from '../../src/queue/pace.ts';
import { workQueue } from '../../src/queue/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

describe('giving way to the event loop', () => {
  it('happens after half of the set time in one turn, and not before', async () => {
    const runtime = virtualRuntime();
    const resumed: number[] = [];
    const share = new LoopShare(runtime, 10, () => resumed.push(runtime.now()));

    const answers = [0, 4, 5, 6, 9.9, 10].map((now) => share.mustGiveWay(now));
    await runtime.advance(1);

    expect(answers).toEqual([false, false, true, true, true, true]);
    expect(resumed).toHaveLength(1);
  });

  it('happens again in the next turn, if that is filled, too', async () => {
    const runtime = virtualRuntime();
    const answers: boolean[][] = [];
    const share = new LoopShare(runtime, 10, () => {
      if (answers.length > 0) return;
      answers.push([0, 4.9, 5].map((ms) => share.mustGiveWay(runtime.now() + ms)));
    });

    share.mustGiveWay(0);
    share.mustGiveWay(5);
    await runtime.advance(1);

    expect(answers[0]).toEqual([false, false, true]);
  });

  it('does not happen to work that waits for I/O in between', async () => {
    const runtime = virtualRuntime();
    const share = new LoopShare(runtime, 10, () => undefined);
    const answers: boolean[] = [];

    await runtime.run(async () => {
      for (let i = 0; i < 100; i++) {
        answers.push(share.mustGiveWay(runtime.now()));
        await runtime.sleep(3);
      }
    });

    expect(answers).not.toContain(true);
  });

  it('lets the loop turn while a hundred thousand short tasks are drained', async () => {
    // In real time: what is measured is the real event loop.
    const runtime = systemRuntime();
    const queue = workQueue({ concurrency: 8, yieldAfterMs: 5 });
    queue.pause();
    for (let i = 0; i < 100_000; i++) queue.add(async () => i);
    let turns = 0;
    let isDone = false;
    const count = async (): Promise<void> => {
      while (!isDone) {
        await runtime.yield();
        turns++;
      }
    };

    const counting = count();
    queue.resume();
    await queue.idle();
    isDone = true;
    await counting;

    // Without giving way there would be none; how many there are depends on the machine.
    expect(turns).toBeGreaterThan(5);
  });
});

describe('the pace of a line', () => {
  it('is unknown at first, and after ten steps the mean with its error', () => {
    const pace = new Pace();
    const known: boolean[] = [];

    for (let i = 0; i <= 12; i++) {
      pace.moved(1, i * 10);
      known.push(pace.estimate(0) !== undefined);
    }

    expect(known.indexOf(true)).toBe(10);
    expect(pace.estimate(9)).toEqual({ inMs: 100, errorMs: 0 });
  });

  it('takes no notice of time in which nobody waited', () => {
    const pace = new Pace();
    for (let i = 0; i <= 20; i++) pace.moved(1, i * 10);

    pace.stopped();
    pace.moved(1, 1_000_000);
    pace.moved(1, 1_000_010);

    expect(pace.estimate(0)?.inMs).toBeCloseTo(10);
  });

  it('is surer of many steps than of one, in proportion', () => {
    const pace = new Pace();
    let at = 0;
    for (let i = 0; i < 500; i++) pace.moved(1, (at += i % 2 === 0 ? 5 : 15));

    const one = pace.estimate(0) as { inMs: number; errorMs: number };
    const hundred = pace.estimate(99) as { inMs: number; errorMs: number };
    expect(one.inMs).toBeCloseTo(10, 0);
    expect(one.errorMs).toBeCloseTo(10, 0);
    expect(hundred.errorMs / hundred.inMs).toBeCloseTo(one.errorMs / one.inMs / 10, 2);
  });

  it('knows batches of starts as well as single ones', () => {
    const single = new Pace();
    const batched = new Pace();
    const steps = Array.from({ length: 800 }, (_, i) => (i % 2 === 0 ? 5 : 15));
    let at = 0;
    steps.forEach((step, i) => {
      at += step;
      single.moved(1, at);
      if (i % 8 === 0) batched.moved(8, at);
    });

    expect(batched.estimate(0)?.inMs).toBeCloseTo(single.estimate(0)?.inMs ?? NaN, 0);
  });
});
