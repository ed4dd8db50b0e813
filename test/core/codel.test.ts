import { describe, expect, it } from 'vitest';
import { codel } from '../../src/core/index.ts';
import vectors from '../vectors/queue-codel.json' with { type: 'json' };

type Step = [advanceMs: number, waitMs: number, drops: boolean] | ['set', number, number];

describe('codel', () => {
  const cases = vectors.cases.filter((row) => row.steps !== undefined);

  it.each(cases)("decides as folly's Codel does: $name", ({ steps, loadLessThan }) => {
    const line = codel();
    let now = 0;

    for (const step of steps as Step[]) {
      if (step[0] === 'set') {
        line.update({ targetMs: step[1], intervalMs: step[2] });
        continue;
      }
      now += step[0];
      expect(line.shouldDrop(step[1], now)).toBe(step[2]);
    }

    if (loadLessThan !== undefined) expect(line.load * 100).toBeLessThan(loadLessThan);
  });

  it("refuses the options folly's Codel refuses, and keeps what it had", () => {
    const row = vectors.cases.find(({ invalid }) => invalid !== undefined)!;

    for (const [targetMs, intervalMs] of row.invalid!) {
      expect(() => codel().update({ targetMs: targetMs!, intervalMs: intervalMs! })).toThrow(
        'codel',
      );
    }
    for (const [targetMs, intervalMs] of row.valid!) {
      expect(() => codel({ targetMs: targetMs!, intervalMs: intervalMs! })).not.toThrow();
    }
  });

  it('does not take a burst that empties for a standing queue', () => {
    const line = codel();
    let drops = 0;

    for (let now = 0; now < 2000; now += 10) {
      const waitMs = now % 90 === 0 ? 0 : 80;
      if (line.shouldDrop(waitMs, now)) drops++;
    }

    expect(drops).toBe(0);
  });
});
