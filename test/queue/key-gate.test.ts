/* eslint-disable complexity, max-depth -- the property walks through every kind of command */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Order } from '../../src/queue/order/order.ts';
import type { Named } from './entries.ts';
import { entry, serveAll } from './entries.ts';

describe('limits per key', () => {
  it('lets others pass a key that is at its limit', () => {
    const order = new Order({ perKey: { concurrency: 1, ordered: false } });
    const names = ['a1', 'a2', 'b1', 'a3'];
    names.forEach((name, i) => order.push(entry(name, i + 1, { key: name.slice(0, 1) })));

    const first = order.peek(0) as Named;
    order.take(first);
    const second = order.peek(0) as Named;
    order.take(second);
    const third = order.peek(0);
    order.ended(first, undefined);
    const fourth = order.peek(0) as Named;

    expect([first.name, second.name, third, fourth.name]).toEqual(['a1', 'b1', undefined, 'a2']);
  });

  it('gives what was held back its old place', () => {
    const order = new Order({ perKey: { concurrency: 1, ordered: false } });
    const [a1, a2, b1] = ['a', 'a', 'b'].map((key, i) => entry(`${key}${i}`, i + 1, { key }));
    for (const one of [a1, a2, b1]) order.push(one as Named);

    order.take(a1 as Named);
    order.ended(a1 as Named, undefined);

    // a2 came before b1, though it came into line after it.
    expect(serveAll(order)).toEqual(['a1', 'b2']);
  });

  it('lets a more urgent entry of the same key go first', () => {
    const order = new Order({ perKey: { concurrency: 1, ordered: false } });
    order.push(entry('low', 1, { key: 'k' }));
    order.push(entry('high', 2, { key: 'k', priority: 5 }));

    expect(serveAll(order)).toEqual(['high', 'low']);
  });

  it('keeps a key in order of arrival, whatever the priorities', () => {
    const order = new Order({ perKey: { concurrency: 1, ordered: true } });
    order.push(entry('k1', 1, { key: 'k' }));
    order.push(entry('k2', 2, { key: 'k', priority: 5 }));
    order.push(entry('other', 3, { priority: 1 }));

    expect(serveAll(order)).toEqual(['other', 'k1', 'k2']);
  });

  it('keeps a key in order while its first entry is suspended', () => {
    const order = new Order({ perKey: { concurrency: 1, ordered: true } });
    const first = entry('k1', 1, { key: 'k' });
    for (const one of [first, entry('k2', 2, { key: 'k' })]) order.push(one);

    order.suspend(first, order.take(first));
    const meanwhile = order.peek(0);
    order.resume(first);

    expect(meanwhile).toBeUndefined();
    expect(serveAll(order)).toEqual(['k1', 'k2']);
  });

  it('keeps its limits and loses nobody, whatever happens', () => {
    const step = fc.record({
      do: fc.constantFrom('push', 'push', 'serve', 'end', 'remove', 'move', 'suspend'),
      key: fc.constantFrom('a', 'b', undefined),
      priority: fc.integer({ min: 0, max: 3 }),
      nth: fc.nat(20),
    });
    const shape = fc.record({ concurrency: fc.integer({ min: 1, max: 3 }), ordered: fc.boolean() });
    fc.assert(
      fc.property(shape, fc.array(step, { maxLength: 100 }), ({ concurrency, ordered }, steps) => {
        const limit = ordered ? 1 : concurrency;
        const order = new Order({ perKey: { concurrency: limit, ordered } });
        const waiting = new Set<Named>();
        const running: Named[] = [];
        let rank = 0;
        for (const s of steps) {
          const one = [...waiting][s.nth % Math.max(1, waiting.size)];
          const busy = running[s.nth % Math.max(1, running.length)];
          if (s.do === 'push') {
            const key = s.key === undefined ? {} : { key: s.key };
            const added = entry('x', ++rank, { ...key, priority: s.priority });
            order.push(added);
            waiting.add(added);
          } else if (s.do === 'serve') {
            const head = order.peek(0) as Named | undefined;
            if (head === undefined) continue;
            const { key } = head.call;
            const same = (other: Named): boolean => key !== undefined && other.call.key === key;
            expect(running.filter(same).length).toBeLessThan(limit);
            if (ordered) {
              for (const other of waiting) {
                if (same(other)) expect(head.rank).toBeLessThanOrEqual(other.rank);
              }
            }
            order.take(head);
            waiting.delete(head);
            running.push(head);
          } else if (s.do === 'end' && busy !== undefined) {
            running.splice(running.indexOf(busy), 1);
            order.ended(busy, undefined);
          } else if (s.do === 'suspend' && busy !== undefined) {
            running.splice(running.indexOf(busy), 1);
            order.suspend(busy, undefined);
            order.resume(busy);
            waiting.add(busy);
          } else if (s.do === 'remove' && one !== undefined) {
            order.remove(one);
            waiting.delete(one);
          } else if (s.do === 'move' && one !== undefined) order.reprioritise(one, s.priority);
          expect(order.size).toBe(waiting.size);
          expect(new Set(order.entries())).toEqual(waiting);
          const mayRun = [...waiting].some(
            ({ call }) =>
              call.key === undefined ||
              running.filter((other) => other.call.key === call.key).length < limit,
          );
          expect(order.peek(0) !== undefined).toBe(mayRun);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
