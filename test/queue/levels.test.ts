import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/queue/lane.ts';
import { Levels } from '../../src/queue/levels.ts';

interface Named extends Entry {
  readonly name: string;
}

function entry(name: string, priority: number, rank: number): Named {
  const links = { lane: undefined, previous: undefined, next: undefined, place: -1 };
  return { name, priority, rank, arrivedAt: rank, ...links };
}

function drain(line: Levels): string {
  const names: string[] = [];
  for (let head = line.peek(); head !== undefined; head = line.peek()) {
    line.remove(head);
    names.push((head as Named).name);
  }
  return names.join('');
}

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
    const line = new Levels();

    arrivals.forEach((text, i) => line.push(entry(text.slice(0, 1), Number(text.slice(1)), i + 1)));

    expect(drain(line)).toBe(served);
  });

  it('lets an entry leave from anywhere in the line', () => {
    const line = new Levels();
    const entries = ['a', 'b', 'c', 'd'].map((name, i) => entry(name, 0, i + 1));
    entries.forEach((one) => line.push(one));

    line.remove(entries[0] as Entry);
    line.remove(entries[2] as Entry);
    line.remove(entries[3] as Entry);

    expect(line.size).toBe(1);
    expect(drain(line)).toBe('b');
  });

  it('gives an entry that comes back its old place', () => {
    const line = new Levels();
    const entries = ['a', 'b', 'c'].map((name, i) => entry(name, 0, i + 1));
    entries.forEach((one) => line.push(one));

    const middle = entries[1] as Entry;
    line.remove(middle);
    middle.priority = 7;
    line.push(middle);
    line.remove(middle);
    middle.priority = 0;
    line.push(middle);

    expect(drain(line)).toBe('abc');
  });

  it('forgets priorities that nobody waits at', () => {
    const line = new Levels();

    for (let i = 1; i <= 5000; i++) {
      const one = entry('x', i / 7, i);
      line.push(one);
      line.remove(one);
    }

    expect((line as unknown as { lanes: Map<number, unknown> }).lanes.size).toBeLessThan(1100);
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
        const line = new Levels();
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
            const head = line.peek();
            expect(head).toBe(inOrder()[0]);
            if (head === undefined) continue;
            line.remove(head);
            model.shift();
          } else if (model.length > 0) {
            const one = model[s.nth % model.length] as Entry;
            line.remove(one);
            if (s.do === 'remove') model.splice(model.indexOf(one), 1);
            else {
              one.priority = s.priority;
              line.push(one);
            }
          }
          expect(line.size).toBe(model.length);
        }
        expect(line.peek()).toBe(inOrder()[0]);
      }),
    );
  });
});
