/* eslint-disable complexity -- the property walks through every kind of command */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FairOrder } from '../../src/queue/order/order.ts';
import { Order } from '../../src/queue/order/order.ts';
import vectors from '../vectors/queue-stride-fairness.json' with { type: 'json' };
import type { Named } from './entries.ts';
import { entry, serveAll } from './entries.ts';

const byTenant: FairOrder = {
  by: [({ call }) => call.tenant ?? ''],
  weight: () => 1,
  cap: Infinity,
  unit: undefined,
  isMeasured: false,
  priorities: 'above',
};

const fairOrder = (changes: Partial<FairOrder> = {}): Order =>
  new Order({ fair: { ...byTenant, ...changes } });

/** `count` entries of a tenant, with ranks from `rank` on. */
const work = (tenant: string, count: number, rank: number, cost = 1): Named[] =>
  Array.from({ length: count }, (_, i) => entry(tenant, rank + i, { tenant, cost }));

const serveSome = (order: Order, count: number): string[] =>
  Array.from({ length: count }, () => {
    const head = order.peek(0) as Named;
    order.ended(head, order.take(head));
    return head.name;
  });

const counts = (names: readonly string[]): Record<string, number> =>
  names.reduce<Record<string, number>>(
    (sum, name) => ({ ...sum, [name]: (sum[name] ?? 0) + 1 }),
    {},
  );

describe('fairness between tenants', () => {
  it('serves the fixed order of the published script', () => {
    const order = fairOrder();
    vectors.script_fair.keys.forEach((tenant, i) => order.push(entry(tenant, i + 1, { tenant })));

    expect(serveAll(order)).toEqual(vectors.script_fair.order);
  });

  it('lets fifty mice through a hog of five thousand', () => {
    const order = fairOrder();
    for (const one of [...work('hog', 5_000, 1), ...work('mouse', 50, 5_001)]) order.push(one);

    const served = serveAll(order);

    // One of the hog's for each of the mouse's: the ideal.
    expect(served.lastIndexOf('mouse')).toBeLessThanOrEqual(100);
  });

  it('shares by weight', () => {
    const order = fairOrder({ weight: (tenant) => (tenant === 'big' ? 3 : 1) });
    for (const one of [...work('big', 900, 1), ...work('small', 900, 901)]) order.push(one);

    expect(counts(serveSome(order, 400))).toEqual({ big: 300, small: 100 });
  });

  it('shares by cost, not by number', () => {
    const order = fairOrder();
    for (const one of [...work('wide', 100, 1, 9), ...work('narrow', 900, 101, 1)]) order.push(one);

    expect(counts(serveSome(order, 500))).toEqual({ wide: 50, narrow: 450 });
  });

  it.each([NaN, -5, Infinity, 0])('is not upset by a cost of %d', (cost) => {
    const order = new Order({ fair: byTenant });
    ['a', 'b', 'a', 'b', 'a', 'b'].forEach((tenant, i) =>
      order.push(entry(tenant, i + 1, { tenant, cost: tenant === 'a' ? cost : 1 })),
    );

    const served = serveAll(order);

    // What costs next to nothing goes first; nobody is lost, and the others are served.
    expect(served.toSorted()).toEqual(['a', 'a', 'a', 'b', 'b', 'b']);
    expect(served.slice(0, 4)).toContain('b');
  });

  it('banks nothing for a tenant that comes late', () => {
    const order = fairOrder();
    for (const one of work('early', 1_000, 1)) order.push(one);
    serveSome(order, 500);
    for (const one of work('late', 500, 1_001)) order.push(one);

    expect(counts(serveSome(order, 200))).toEqual({ early: 100, late: 100 });
  });

  it('banks nothing for a tenant that was idle in between', () => {
    const order = fairOrder();
    for (const one of [...work('a', 1_000, 1), ...work('b', 10, 1_001)]) order.push(one);
    serveSome(order, 400);
    for (const one of work('b', 400, 2_001)) order.push(one);

    expect(counts(serveSome(order, 200))).toEqual({ a: 100, b: 100 });
  });

  it('wipes out nothing for a tenant that goes and comes again', () => {
    // Sends one, waits for its end, sends the next: must not get more than who is always there.
    const order = fairOrder();
    for (const one of work('steady', 1_000, 1, 1)) order.push(one);
    let rank = 1_001;
    order.push(entry('hopper', rank++, { tenant: 'hopper', cost: 10 }));
    const served: string[] = [];
    for (let i = 0; i < 220; i++) {
      const [name] = serveSome(order, 1);
      served.push(name as string);
      if (name === 'hopper') order.push(entry('hopper', rank++, { tenant: 'hopper', cost: 10 }));
    }

    expect(counts(served)).toEqual({ steady: 200, hopper: 20 });
  });

  it('never differs by more than the proven bound while both have work', () => {
    const tenants = ['a', 'b', 'c'];
    const job = fc.record({
      tenant: fc.constantFrom(...tenants),
      cost: fc.integer({ min: 1, max: 20 }),
      serve: fc.nat(2),
    });
    const weights = fc.tuple(...tenants.map(() => fc.integer({ min: 1, max: 5 })));
    fc.assert(
      fc.property(fc.array(job, { minLength: 1, maxLength: 150 }), weights, (jobs, given) => {
        const weight = new Map(tenants.map((name, i) => [name, given[i] as number]));
        const order = fairOrder({ weight: (name) => weight.get(name) ?? 1 });
        const waiting = new Map(tenants.map((name) => [name, 0]));
        // Served ÷ weight since both tenants of a pair have had work without a break.
        const lead = new Map<string, number>();
        const pairs = [
          ['a', 'b'],
          ['a', 'c'],
          ['b', 'c'],
        ] as const;
        const widest = 20;
        let rank = 0;
        for (const { tenant, cost, serve } of jobs) {
          order.push(entry(tenant, ++rank, { tenant, cost }));
          waiting.set(tenant, (waiting.get(tenant) ?? 0) + 1);
          for (let i = 0; i < serve; i++) {
            const head = order.peek(0) as Named | undefined;
            if (head === undefined) break;
            order.ended(head, order.take(head));
            const { name } = head;
            for (const pair of pairs) {
              const id = pair.join('');
              const both = pair.every((one) => (waiting.get(one) ?? 0) > 0);
              if (!both) lead.set(id, 0);
              else if (name === pair[0] || name === pair[1]) {
                const share = Number(head.call.cost) / (weight.get(name) ?? 1);
                lead.set(id, (lead.get(id) ?? 0) + (name === pair[0] ? share : -share));
                const [first, second] = pair.map((one) => widest / (weight.get(one) ?? 1));
                expect(Math.abs(lead.get(id) ?? 0)).toBeLessThanOrEqual(
                  (first as number) + (second as number),
                );
              }
            }
            waiting.set(name, (waiting.get(name) ?? 0) - 1);
            for (const pair of pairs) {
              if (pair.some((one) => waiting.get(one) === 0)) lead.set(pair.join(''), 0);
            }
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('loses and doubles nobody, whatever is pushed, removed, paused and served', () => {
    const step = fc.record({
      do: fc.constantFrom('push', 'push', 'serve', 'remove', 'pause', 'resume', 'end'),
      tenant: fc.constantFrom('a', 'b', 'c', 'd'),
      user: fc.constantFrom('x', 'y'),
      priority: fc.integer({ min: 0, max: 2 }),
      nth: fc.nat(30),
    });
    const shapes: Partial<FairOrder>[] = [
      {},
      { priorities: 'within' },
      { cap: 1 },
      { isMeasured: true, priorities: 'within' },
      { by: [({ call }) => call.tenant ?? '', ({ call }) => call.session ?? ''], cap: 2 },
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...shapes),
        fc.array(step, { maxLength: 120 }),
        (shape, steps) => {
          const order = fairOrder(shape);
          const waiting = new Set<Named>();
          const running: [Named, ReturnType<Order['take']>][] = [];
          const paused = new Set<string>();
          let rank = 0;
          for (const s of steps) {
            if (s.do === 'push') {
              const call = { tenant: s.tenant, session: s.user, priority: s.priority };
              const one = entry(s.tenant, ++rank, call);
              order.push(one);
              waiting.add(one);
            } else if (s.do === 'serve') {
              const head = order.peek(0) as Named | undefined;
              const mayRun = [...waiting].filter(
                (one) =>
                  !paused.has(one.name) &&
                  running.filter(([other]) => other.name === one.name).length <
                    (shape.cap ?? Infinity),
              );
              expect(head === undefined).toBe(mayRun.length === 0);
              if (head === undefined) continue;
              expect(mayRun).toContain(head);
              running.push([head, order.take(head)]);
              waiting.delete(head);
            } else if (s.do === 'end') {
              const [ended] = running.splice(s.nth % Math.max(1, running.length), 1);
              if (ended !== undefined) order.ended(ended[0], ended[1], s.nth);
            } else if (s.do === 'remove') {
              const one = [...waiting][s.nth % Math.max(1, waiting.size)];
              if (one === undefined) continue;
              order.remove(one);
              waiting.delete(one);
            } else {
              order.pauseFlow(s.tenant, s.do === 'pause');
              if (s.do === 'pause') paused.add(s.tenant);
              else paused.delete(s.tenant);
            }
            expect(order.size).toBe(waiting.size);
            expect(new Set(order.entries())).toEqual(waiting);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('remembers only so many tenants that have gone', () => {
    const order = fairOrder();
    for (let i = 1; i <= 20_000; i++) {
      order.push(entry(`t${i}`, i, { tenant: `t${i}` }));
      if (i > 3) serveSome(order, 1);
    }

    const { root } = order as unknown as {
      root: { places(): Iterable<{ all(): Iterable<unknown> }> };
    };
    const [fair] = root.places();
    expect([...(fair?.all() ?? [])].length).toBeLessThan(4_200);
  });
});

describe('a cost beyond all measure', () => {
  it.each([1e17, 1e300, Number.MAX_VALUE])('of %d leaves everybody a turn', (cost) => {
    const order = fairOrder({ weight: (tenant) => (tenant === 'absurd' ? 0.1 : 1) });
    order.push(entry('absurd', 1, { tenant: 'absurd', cost }));
    for (const one of [...work('a', 2_000, 2), ...work('b', 1_000, 2_002)]) order.push(one);
    order.push(entry('absurd', 4_000, { tenant: 'absurd', cost }));

    serveSome(order, 1_000); // by now a cost of 1 is less than the rounding of the virtual time
    const { a = 0, b = 0 } = counts(serveSome(order, 900));

    expect(Math.min(a, b)).toBeGreaterThan(400);
  });
});

describe('fairness by what work really costs', () => {
  it('sets an estimate right when the work has ended', () => {
    // Both look alike; the slow one takes nine times as long.
    const order = fairOrder({ isMeasured: true });
    for (const one of [...work('slow', 500, 1), ...work('fast', 500, 501)]) order.push(one);
    const served: string[] = [];
    for (let i = 0; i < 300; i++) {
      const head = order.peek(0) as Named;
      order.ended(head, order.take(head), head.name === 'slow' ? 90 : 10);
      served.push(head.name);
    }

    const { slow = 0, fast = 0 } = counts(served);
    expect(slow * 90).toBeGreaterThan(fast * 10 - 200);
    expect(slow * 90).toBeLessThan(fast * 10 + 200);
  });
});

describe('fairness on several floors', () => {
  it('shares a tenant’s part between its users', () => {
    const order = fairOrder({
      by: [({ call }) => call.tenant ?? '', ({ call }) => call.session ?? ''],
    });
    let rank = 0;
    for (const [tenant, session, count] of [
      ['acme', 'ann', 500],
      ['acme', 'bob', 500],
      ['solo', 'sue', 500],
    ] as const) {
      for (let i = 0; i < count; i++) {
        order.push(entry(session, ++rank, { tenant, session }));
      }
    }

    expect(counts(serveSome(order, 400))).toEqual({ ann: 100, bob: 100, sue: 200 });
  });
});

describe('fairness and priority', () => {
  const mixed = (): Named[] => [
    entry('a0', 1, { tenant: 'a' }),
    entry('a9', 2, { tenant: 'a', priority: 9 }),
    entry('b0', 3, { tenant: 'b' }),
    entry('a9', 4, { tenant: 'a', priority: 9 }),
  ];

  it.each([
    ['above', ['a9', 'a9', 'a0', 'b0']],
    ['within', ['a9', 'b0', 'a9', 'a0']],
  ] as const)('with priorities %s', (priorities, served) => {
    const order = fairOrder({ priorities });
    for (const one of mixed()) order.push(one);

    expect(serveAll(order)).toEqual(served);
  });

  it('counts a tenant’s cap over all priorities', () => {
    const order = fairOrder({ cap: 1 });
    for (const one of mixed()) order.push(one);

    const first = order.peek(0) as Named;
    const bill = order.take(first);
    const second = order.peek(0) as Named;
    order.ended(first, bill);
    const third = order.peek(0) as Named;

    expect([first.name, second.name, third.name]).toEqual(['a9', 'b0', 'a9']);
  });
});

describe('a cost of nothing', () => {
  it('does not let a tenant starve the others', () => {
    const order = fairOrder();
    for (const one of [...work('free', 3_000, 1, 0), ...work('paid', 10, 3_001, 1)])
      order.push(one);

    expect(serveSome(order, 2_500)).toContain('paid');
    expect(counts(serveSome(order, 400))['paid'] ?? 0).toBeLessThan(10);
  });
});
