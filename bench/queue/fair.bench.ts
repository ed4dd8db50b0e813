import type { Entry } from '../../src/queue/order/entry.ts';
import { Order } from '../../src/queue/order/order.ts';
import type { Benchmark, Contender } from '../harness/benchmark.ts';

/** Push and pop in a fair order in which `tenants` tenants have work. */
const turn = (tenants: number): Contender => ({
  setup: () => {
    const order = new Order({
      fair: {
        by: [({ call }) => call.tenant ?? ''],
        weight: () => 1,
        cap: Infinity,
        unit: undefined,
        isMeasured: false,
        priorities: 'above',
      },
    });
    const calls = Array.from({ length: tenants }, (_, i) => ({ tenant: `tenant ${i}` }));
    let rank = 0;
    const entry = (i: number): Entry => ({
      call: calls[i % tenants] as { tenant: string },
      priority: 0,
      rank: ++rank,
      arrivedAt: 0,
      lane: undefined,
      previous: undefined,
      next: undefined,
      returnId: -1,
    });
    for (let i = 0; i < 2 * tenants; i++) order.push(entry(i));
    return {
      run: (i) => {
        order.push(entry(i));
        const head = order.peek(0) as Entry;
        order.ended(head, order.take(head));
      },
    };
  },
});

const benchmark: Benchmark = {
  question: 'What does fairness cost a task, with one tenant and with ten thousand?',
  decision: 'Whether every tenant of a platform may be a flow of its own.',
  apart: true,
  contenders: {
    '10000 tenants': turn(10_000),
    '100 tenants': turn(100),
    '1 tenant': turn(1),
  },
  goals: [
    {
      id: 'push-pop',
      says: 'push and pop at most 250 ns at 10,000 tenants',
      value: (ns) => ns('10000 tenants'),
      atMost: 250,
      unit: 'ns',
    },
  ],
};

export default benchmark;
