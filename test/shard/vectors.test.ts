// The published placements: ketama, Redis Cluster, Envoy, buraksezer/consistent.
import { describe, expect, it } from 'vitest';
import { crc16 } from '../../src/core/index.ts';
import { boundedSlots } from '../../src/shard/bounded-ring.ts';
import {
  boundedRing,
  hashTag,
  ketama,
  maglev,
  redisSlot,
  redisSlots,
  ring,
  shardMap,
} from '../../src/shard/index.ts';
import { ketamaDigests } from '../../src/shard/ketama.ts';
import bounded from '../vectors/shard-bounded-load.json' with { type: 'json' };
import published from '../vectors/shard-ketama.json' with { type: 'json' };
import maglevRows from '../vectors/shard-maglev.json' with { type: 'json' };
import redis from '../vectors/shard-redis-keyslot.json' with { type: 'json' };
import rings from '../vectors/shard-ringhash.json' with { type: 'json' };
import { keys, nodes } from './nodes.ts';

type Weighted = readonly (readonly [host: string, weight: number])[];

const weighted = (servers: unknown): { id: string; weight: number }[] =>
  (servers as Weighted).map(([id, weight]) => ({ id, weight }));

describe('ketama', () => {
  it.each(published.cases)('owns 100,000 keys as $name', (row) => {
    const port = 'defaultPort' in row ? { defaultPort: row.defaultPort } : {};
    const map = shardMap({
      nodes: weighted(row.servers),
      strategy: ketama({ pointsPerDigest: row.replicas as 3 | 4, ...port }),
    });
    const servers = row.servers as unknown as Weighted;
    const indexOf = new Map(servers.map(([host], at) => [host, String(at)]));

    const owners = Array.from({ length: 100_000 }, (_, key) => indexOf.get(map.owner(String(key))));

    expect(owners.join('') === row.owners_as_digits_index_into_servers).toBe(true);
  });

  it('owns the keys of libmemcached, to the point', () => {
    const { servers, vectors } = published.points;
    const map = shardMap({ nodes: weighted(servers), strategy: ketama() });

    for (const [key, , , host] of vectors) expect(map.owner(key as string)).toBe(host);
  });

  it('wraps past the last point', () => {
    const { servers, key, expectPosition } = published.wraparound;
    const map = shardMap({ nodes: weighted(servers), strategy: ketama() });

    expect(map.slot(key)).toBe(expectPosition);
  });

  it('asks the server that libketama asks', () => {
    const { servers, getServer, pointCount } = published.libketama;
    const strategy = ketama();
    const map = shardMap({ nodes: weighted(servers), strategy });

    expect(map.owner(getServer.key)).toBe(getServer.server);
    expect(strategy.place(map.nodes).slots).toBe(pointCount);
  });

  it('rounds digests in single precision, as C does', () => {
    const { equalWeights, vectors } = published.digestsPerServer;
    for (const [weights, digests] of vectors) expect(ketamaDigests(weights!)).toEqual(digests);
    for (let count = 1; count <= 2_000; count++) {
      const digests = ketamaDigests(Array<number>(count).fill(1))[0];
      expect([count, digests]).toEqual([count, equalWeights.n39.includes(count) ? 39 : 40]);
    }
  });
});

describe('Redis Cluster slots', () => {
  it('are the slots of a Redis server', () => {
    expect(crc16(redis.crc16_check.input)).toBe(redis.crc16_check.crc16);
    for (const [key, slot] of redis.vectors) {
      expect([key, redisSlot(key as string)]).toEqual([key, slot]);
    }
  });

  it('hash the whole key when the first tag is empty, which cluster-key-slot does not', () => {
    expect(redisSlot('foo{}{bar}')).toBe(8363);
    expect(hashTag('foo{}{bar}')).toBe('foo{}{bar}');
    expect(hashTag('a{b}{c}')).toBe('b');
    expect(hashTag('a{b')).toBe('a{b');
  });

  it('lie with the nodes in even runs, or where the cluster says', () => {
    const even = shardMap({ nodes: nodes(3), strategy: redisSlots() });
    const given = shardMap({
      nodes: nodes(2),
      strategy: redisSlots({
        ranges: {
          n0: [
            [0, 8362],
            [8364, 16383],
          ],
          n1: [[8363, 8363]],
        },
      }),
    });

    expect(even.slot('foo')).toBe(12182);
    expect(even.owner('foo')).toBe('n2');
    expect(even.owner('hello')).toBe('n0');
    expect(given.owner('foo{}{bar}')).toBe('n1');
    expect(given.owner('foo')).toBe('n0');
  });

  it.each([
    { n0: [[0, 16382]] },
    { n0: [[0, 16383]], n1: [[5, 5]] },
    { n0: [[0, 16384]] },
    { nobody: [[0, 16383]] },
    { n0: [[9, 3]] },
  ])('are refused unless each has one owner: %j', (ranges) => {
    const strategy = redisSlots({ ranges: ranges as never });

    expect(() => shardMap({ nodes: nodes(2), strategy })).toThrow(/redisSlots\.ranges/);
  });
});

describe('the ring of Envoy', () => {
  it('has its points', () => {
    const { hosts, ring: points } = rings.envoy[0]!;
    const strategy = ring({ sizing: { minSize: 12, maxSize: 1024 } });
    const map = shardMap({ nodes: hosts.map((id) => ({ id })), strategy });

    expect(strategy.place(map.nodes).slots).toBe(points!.length);
    for (const key of keys(100)) {
      expect(map.owner(key)).toBe(hosts[Number(points![map.slot(key)]![1])]);
    }
  });
});

describe('Maglev', () => {
  it.each(maglevRows.envoy.cases)('is the table of Envoy: $name', (row) => {
    const weights = row.weights ?? [];
    const map = shardMap({
      nodes: row.hosts.map((id, at) => ({ id, weight: weights[at] ?? 1 })),
      strategy: maglev({ size: row.tableSize }),
    });

    for (const key of keys(100))
      expect(map.owner(key)).toBe(row.hosts[row.expected[map.slot(key)]!]);
  });

  it('refuses a table whose size is no prime', () => {
    expect(() => shardMap({ nodes: nodes(2), strategy: maglev({ size: 8 }) })).toThrow(/prime/);
  });
});

describe('bounded loads', () => {
  const { cases, mustNotFail, mustFail } = bounded.buraksezer;

  it('bound a member as buraksezer/consistent does', () => {
    for (const { partitions, members, load, expected } of cases) {
      expect(boundedSlots(partitions, 1 / members, load)).toBe(expected);
    }
  });

  it.each(mustNotFail)('find room for $P slots on $members nodes', (row) => {
    const { spilled, most } = placed(row);

    expect(spilled).toBe(0);
    expect(most).toBeLessThanOrEqual(boundedSlots(row.P, 1 / row.members, row.load));
  });

  it.each(mustFail)('spill and say so where others panic: $why', (row) => {
    const { spilled, most } = placed(row);

    expect(spilled).toBe(row.P - row.members * 3);
    expect(most).toBe(Math.ceil(row.P / row.members));
  });

  function placed(row: { members: number; P: number; replicas: number; load: number }) {
    const strategy = boundedRing({ slots: row.P, bound: row.load, pointsPerNode: row.replicas });
    const placement = strategy.place(shardMap({ nodes: nodes(row.members) }).nodes);
    const counts = new Map<string, number>();
    for (let slot = 0; slot < row.P; slot++) {
      const { id } = placement.table!.ownerAt(slot);
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    return { spilled: placement.spilled, most: Math.max(...counts.values()) };
  }
});
