import HashRing from 'hashring';
import { murmur3, seededRandom } from '../../src/core/index.ts';
import { jump, ketama, maglev, rendezvous, ring, shardMap } from '../../src/shard/index.ts';
import type { ShardMapOptions } from '../../src/shard/index.ts';
import type { Benchmark, Contender } from '../harness/benchmark.ts';

// 65,536 flat keys of about 25 characters, so that a look-up meets a key anew: hashring remembers 5,000.
const random = seededRandom(1);
const KEYS = Array.from({ length: 65_536 }, (_, at) =>
  Buffer.from(`user:${at}:${Math.floor(random() * 1e9).toString(36)}:profile`).toString('latin1'),
);
const COLD = KEYS.length - 1;
const HOT = 1_023;
const ids = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => `10.0.${at >> 8}.${at & 255}:7000`);

function ours(count: number, options: Partial<ShardMapOptions> = {}, mask = COLD): Contender {
  return {
    setup: () => {
      const map = shardMap({ nodes: ids(count).map((id) => ({ id })), ...options });
      return { run: (i) => map.owner(KEYS[i & mask]!) };
    },
  };
}

function replicas(count: number): Contender {
  return {
    setup: () => {
      const map = shardMap({ nodes: ids(count).map((id) => ({ id })) });
      return { run: (i) => map.owners(KEYS[i & COLD]!, 3) };
    },
  };
}

function rival(count: number, mask = COLD): Contender {
  return {
    setup: () => {
      const other = new HashRing(ids(count));
      return { run: (i) => other.get(KEYS[i & mask]!) };
    },
  };
}

const benchmark: Benchmark = {
  question: 'What does it cost to find the owner of a key?',
  decision: 'Whether every call can be routed by its key; which strategy for how many nodes.',
  // Each in a process of its own, as one strategy is what a service has.
  apart: true,
  contenders: {
    'slots, 20 nodes': ours(20),
    'slots, 1,000 nodes': ours(1_000),
    'slots, hot keys, memo': ours(100, { memo: 5_000 }, HOT),
    'slots, 1,000 nodes, hot keys, memo': ours(1_000, { memo: 5_000 }, HOT),
    'hash of the key alone': { setup: () => ({ run: (i) => murmur3(KEYS[i & COLD]!) & 16_383 }) },
    'three owners, 20 nodes': replicas(20),
    'three owners, 1,000 nodes': replicas(1_000),
    'maglev, 100 nodes': ours(100, { strategy: maglev() }),
    'ring, 100 nodes': ours(100, { strategy: ring() }),
    'jump, 100 nodes': ours(100, { strategy: jump() }),
    'rendezvous, 100 nodes': ours(100, { strategy: rendezvous() }),
    'ketama, 100 nodes': ours(100, { strategy: ketama() }),
    'hashring, 20 nodes': rival(20),
    'hashring, 1,000 nodes': rival(1_000),
    'hashring, hot keys': rival(100, HOT),
  },
  goals: [
    {
      id: 'against-hashring',
      says: 'at 20 nodes at least 20× as fast as npm hashring with cold keys',
      value: (ns) => ns('hashring, 20 nodes') / ns('slots, 20 nodes'),
      atLeast: 20,
    },
    {
      id: 'against-hashring-hot',
      says: 'with a memo not slower than npm hashring with hot keys',
      value: (ns) => ns('slots, hot keys, memo') / ns('hashring, hot keys'),
      atMost: 1,
    },
    {
      id: 'thousand-nodes',
      says: 'at 1,000 nodes at most 75 ns',
      value: (ns) => ns('slots, 1,000 nodes'),
      atMost: 75,
      unit: 'ns',
    },
    {
      id: 'nodes-add',
      says: 'all that is not the hash of the key, at 1,000 nodes, at most 15 ns',
      value: (ns) => ns('slots, 1,000 nodes') - ns('hash of the key alone'),
      atMost: 15,
      unit: 'ns',
    },
  ],
};

export default benchmark;
