import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ageing } from '../../src/queue/order/levels.ts';
import { Order } from '../../src/queue/order/order.ts';
import type { Named } from './entries.ts';
import { entry } from './entries.ts';

/** Serves one entry every `stepMs`; entries come into line when they arrive. */
function serve(arrivals: readonly Named[], ageing: Ageing, stepMs: number): [Named, number][] {
  const order = new Order({ ageing });
  const coming = [...arrivals];
  const served: [Named, number][] = [];
  for (let now = 0; served.length < arrivals.length; now += stepMs) {
    while ((coming[0]?.arrivedAt ?? Infinity) <= now) order.push(coming.shift() as Named);
    const head = order.peek(now) as Named | undefined;
    if (head === undefined) continue;
    order.take(head);
    served.push([head, now]);
  }
  return served;
}

const arrivals = fc
  .array(
    fc.record({ priority: fc.integer({ min: 0, max: 9 }), at: fc.integer({ min: 0, max: 5_000 }) }),
    {
      minLength: 1,
      maxLength: 60,
    },
  )
  .map((list) =>
    list
      .toSorted((a, b) => a.at - b.at)
      .map(({ priority, at }, i) => entry(`#${i}`, i + 1, { priority }, at)),
  );

describe('waiting that makes more urgent', () => {
  it('lets nobody be overtaken by those who come (q − p) · msPerLevel later', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 400 }), (list, msPerLevel) => {
        const served = serve(list, { msPerLevel, overdueAfterMs: Infinity }, 50);

        served.forEach(([late], i) => {
          for (const [early] of served.slice(0, i)) {
            if (early.rank < late.rank) continue;
            const head = (early.priority - late.priority) * msPerLevel;
            expect(early.arrivedAt - late.arrivedAt).toBeLessThanOrEqual(head);
          }
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it('serves the oldest first where a level is worth no time', () => {
    fc.assert(
      fc.property(arrivals, (list) => {
        const served = serve(list, { msPerLevel: 1e-9, overdueAfterMs: Infinity }, 50);

        const times = served.map(([one]) => one.arrivedAt);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
      }),
    );
  });

  it('never starts anybody before somebody overdue who came earlier', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 2_000 }), (list, overdueAfterMs) => {
        const served = serve(list, { msPerLevel: Infinity, overdueAfterMs }, 50);

        served.forEach(([late], i) => {
          for (const [early, startedAt] of served.slice(0, i)) {
            const wasOverdue = startedAt - late.arrivedAt >= overdueAfterMs;
            if (wasOverdue) expect(early.rank).toBeLessThan(late.rank);
          }
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps the stated maximum wait where the line keeps up', () => {
    // One urgent call every 10 ms for ever, served in 10 ms each: strict priority starves the rest.
    const urgent = Array.from({ length: 300 }, (_, i) =>
      entry(`u${i}`, i + 2, { priority: 9 }, i * 10),
    );
    const meek = entry('meek', 1, { priority: 0 }, 0);

    const strict = serve([meek, ...urgent], { msPerLevel: 1e9, overdueAfterMs: Infinity }, 10);
    const kept = serve([meek, ...urgent], { msPerLevel: Infinity, overdueAfterMs: 500 }, 10);

    const startOf = (served: [Named, number][]): number | undefined =>
      served.find(([one]) => one === meek)?.[1];
    expect(startOf(strict)).toBe(3_000);
    expect(startOf(kept)).toBe(500);
  });
});
