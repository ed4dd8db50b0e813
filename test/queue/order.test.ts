import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import vectors from '../vectors/queue-stride-fairness.json' with { type: 'json' };
import type { Entry } from '../../src/queue/order/entry.ts';
import type { Levels } from '../../src/queue/order/levels.ts';
import { Order } from '../../src/queue/order/order.ts';
import { entry as makeEntry, serveAll } from './entries.ts';

const entry = (name: string, priority: number, rank: number): Entry =>
  makeEntry(name, rank, { priority });

describe('the order of strict priorities', () => {
  // Name and priority of each arrival, and the order they are served in.
  it.each([
    [['a0', 'b0', 'c0'], 'abc'],
    [['a0', 'b1', 'c2'], 'cba'],
    [['a1', 'b9', 'c1', 'd9'], 'bdac'],
    [['a-5', 'b0', 'c5', 'd-5'], 'cbad'],
    [['a0.5', 'b0.25', 'c0.75'], 'cab'],
    [[], ''],
  ])('serves %j as %s', (arrivals, served) => {
    const line = new Order();

    arrivals.forEach((text, i) => line.push(entry(text.slice(0, 1), Number(text.slice(1)), i + 1)));

    expect(serveAll(line).join('')).toBe(served);
  });

  it('lets an entry leave from anywhere in the line', () => {
    const line = new Order();
    const entries = ['a', 'b', 'c', 'd'].map((name, i) => entry(name, 0, i + 1));
    entries.forEach((one) => line.push(one));

    line.remove(entries[0] as Entry);
    line.remove(entries[2] as Entry);
    line.remove(entries[3] as Entry);

    expect(line.size).toBe(1);
    expect(serveAll(line).join('')).toBe('b');
  });

  it('gives an entry that comes back its old place', () => {
    const line = new Order();
    const entries = ['a', 'b', 'c'].map((name, i) => entry(name, 0, i + 1));
    entries.forEach((one) => line.push(one));

    const middle = entries[1] as Entry;
    line.reprioritise(middle, 7);
    line.reprioritise(middle, 0);

    expect(serveAll(line).join('')).toBe('abc');
  });

  it('forgets priorities that nobody waits at', () => {
    const line = new Order();

    for (let i = 1; i <= 5000; i++) {
      const one = entry('x', i / 7, i);
      line.push(one);
      line.remove(one);
    }

    expect([...(line as unknown as { root: Levels }).root.places()].length).toBeLessThan(1100);
  });

  it('is a sorted list, whatever comes, leaves and changes', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('push' as const), priority: fc.integer({ min: -3, max: 3 }) }),
      fc.record({
        do: fc.constantFrom('remove' as const, 'move' as const),
        nth: fc.nat(40),
        priority: fc.integer({ min: -3, max: 3 }),
      }),
      fc.record({ do: fc.constant('serve' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const line = new Order();
        const model: Entry[] = [];
        const inOrder = (): Entry[] =>
          model.sort((a, b) => b.priority - a.priority || a.rank - b.rank);
        let rank = 0;
        for (const s of steps) {
          if (s.do === 'push') {
            const one = entry('x', s.priority, ++rank);
            line.push(one);
            model.push(one);
          } else if (s.do === 'serve') {
            const head = line.peek(0);
            expect(head).toBe(inOrder()[0]);
            if (head === undefined) continue;
            line.remove(head);
            model.shift();
          } else if (model.length > 0) {
            const one = model[s.nth % model.length] as Entry;
            if (s.do === 'remove') {
              line.remove(one);
              model.splice(model.indexOf(one), 1);
            } else line.reprioritise(one, s.priority);
          }
          expect(line.size).toBe(model.length);
        }
        expect(line.peek(0)).toBe(inOrder()[0]);
      }),
    );
  });

  it('counts who goes before, exactly', () => {
    const step = fc.record({
      do: fc.constantFrom('push', 'push', 'remove', 'move', 'serve'),
      nth: fc.nat(40),
      priority: fc.integer({ min: -2, max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.nat(10), (steps, askEvery) => {
        const line = new Order();
        const model: Entry[] = [];
        let rank = 0;
        steps.forEach((s, i) => {
          const one = model[s.nth % Math.max(1, model.length)];
          if (s.do === 'push' || one === undefined) {
            model.push(entry('x', s.priority, ++rank));
            line.push(model.at(-1) as Entry);
          } else if (s.do === 'move') line.reprioritise(one, s.priority);
          else {
            const gone = s.do === 'serve' ? (line.peek(0) as Entry) : one;
            line.remove(gone);
            model.splice(model.indexOf(gone), 1);
          }
          if (i % (askEvery + 1) > 0) return;
          const sorted = model.toSorted((a, b) => b.priority - a.priority || a.rank - b.rank);
          expect(model.map((e) => line.countAhead(e))).toEqual(model.map((e) => sorted.indexOf(e)));
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it('knows who would run last', () => {
    const line = new Order();
    ['a1', 'b0', 'c0', 'd5'].forEach((text, i) =>
      line.push(entry(text.slice(0, 1), Number(text.slice(1)), i + 1)),
    );

    const last = line.last();

    expect((last as Entry & { name: string }).name).toBe('c');
  });

  it('serves the fixed order of the published script', () => {
    const { tasks, order } = vectors.script_priority;
    const line = new Order();

    // There, a smaller number is more urgent.
    tasks.forEach(([name, priority], i) =>
      line.push(entry(name as string, -Number(priority), i + 1)),
    );

    expect(serveAll(line)).toEqual(order);
  });
});
