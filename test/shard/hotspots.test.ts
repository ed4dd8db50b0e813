import { describe, expect, it } from 'vitest';
import { OptionError } from '../../src/core/index.ts';
import { directory, hotspots, ring, shardMap, shuffleShards } from '../../src/shard/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { keys, nodes } from './nodes.ts';

describe('hotspots', () => {
  it('proposes to move hot slots off a node that is too full, and the move helps', async () => {
    const map = shardMap({ nodes: nodes(4) });
    const hot = hotspots({ map, runtime: virtualRuntime() });
    const own = keys(4_000);
    own.forEach((key) => hot.record(key));
    const crowded = own.filter((key) => map.owner(key) === 'n2').slice(0, 40);
    crowded.forEach((key) => hot.record(key, 50));

    const { change, hotKeys, peakBefore, peakAfter } = hot.proposal();

    expect(hotKeys).toEqual([]);
    expect(peakBefore).toBeGreaterThan(1.25);
    expect(peakAfter).toBeLessThanOrEqual(1.25);
    const plan = map.plan(change!, { loadOf: hot.loadOf });
    expect(plan.peakAfter).toBe(peakAfter);
    await map.apply(plan);
    expect(hot.proposal().change).toBeUndefined();
  });

  it('proposes to split a key that is too hot for any node', () => {
    const map = shardMap({ nodes: nodes(4) });
    const hot = hotspots({ map, runtime: virtualRuntime() });
    keys(1_000).forEach((key) => hot.record(key));
    hot.record('celebrity', 1_000);

    const [first, ...others] = hot.proposal().hotKeys;

    // Half of all load is two nodes' worth; in parts of at most half a node's share that is four.
    expect(first).toMatchObject({ key: 'celebrity', slot: map.slot('celebrity'), ways: 4 });
    expect(first?.share).toBeCloseTo(0.5, 2);
    expect(others).toEqual([]);
  });

  it('says nothing while the load is even, and forgets what is long past', async () => {
    const runtime = virtualRuntime();
    const map = shardMap({ nodes: nodes(2), runtime });
    const hot = hotspots({ map, runtime, halfLifeMs: 1_000 });
    const slot = map.slot('x');
    hot.record('x', 64);

    await runtime.advance(3_500);
    hot.proposal();

    expect(hot.loadOf(slot)).toBe(8);
    keys(4_000).forEach((key) => hot.record(key));
    expect(hot.proposal()).toMatchObject({ hotKeys: [], change: undefined });
  });

  it('never proposes a node outside the region', () => {
    const map = shardMap({
      nodes: [
        { id: 'eu-1', serves: ['eu'] },
        { id: 'eu-2', serves: ['eu'] },
        { id: 'us-1', serves: ['us'] },
      ],
      strategy: directory({ partitions: ['eu', 'us'], partitionOf: (key) => key.slice(0, 2) }),
    });
    const hot = hotspots({ map, runtime: virtualRuntime() });
    keys(300).forEach((key) => hot.record(`eu${key}`, map.owner(`eu${key}`) === 'eu-1' ? 5 : 1));

    const { change, peakAfter, peakBefore } = hot.proposal();

    expect(change?.assign?.every(({ node }) => node.startsWith('eu'))).toBe(true);
    expect(peakAfter).toBeLessThan(peakBefore);
  });

  it('relieves a node beside one that nothing can relieve', () => {
    const map = shardMap({ nodes: nodes(4) });
    const hot = hotspots({ map, runtime: virtualRuntime() });
    const own = (id: string): string[] => keys(4_000).filter((key) => map.owner(key) === id);
    hot.record(own('n0')[0]!, 2_000);
    own('n1')
      .slice(0, 100)
      .forEach((key) => hot.record(key, 20));

    const { change, hotKeys } = hot.proposal();

    expect(hotKeys[0]?.key).toBe(own('n0')[0]);
    expect(change?.assign?.length).toBeGreaterThan(10);
    expect(change?.assign?.every(({ node }) => node === 'n2' || node === 'n3')).toBe(true);
  });

  it('does not take a region with few nodes for a hot one', () => {
    const strategy = directory({ partitions: ['a', 'b'], partitionOf: (key) => key[0]! });
    const list = ['a1', 'a2', 'a3', 'b1'].map((id) => ({ id, serves: [id[0]!] }));
    const map = shardMap({ nodes: list, strategy });
    const hot = hotspots({ map, runtime: virtualRuntime() });
    for (const key of keys(3_000)) for (const region of ['a', 'b']) hot.record(region + key);

    const { change, peakBefore } = hot.proposal();

    expect(peakBefore).toBeLessThan(1.1);
    expect(change).toBeUndefined();
  });

  it('names hot keys where there are no slots to move', () => {
    const hot = hotspots({ map: shardMap({ nodes: nodes(3), strategy: ring() }) });
    hot.record('only', 10);

    expect(hot.proposal()).toMatchObject({
      hotKeys: [{ key: 'only', ways: 6 }],
      change: undefined,
    });
  });

  it.each([{ nodeRatio: 1 }, { keyRatio: 0 }, { keys: 0 }, { halfLifeMs: 0 }])(
    'refuses %j',
    (wrong) => {
      expect(() => hotspots({ map: shardMap({ nodes: nodes(1) }), ...wrong })).toThrow(OptionError);
    },
  );
});

describe('shuffleShards', () => {
  const sixteen = nodes(16).map((node, at) => ({ ...node, zone: `z${at % 4}` }));

  it('gives each tenant its own few, so that two rarely share all', () => {
    const shardOf = shuffleShards({ nodes: sixteen, size: 4 });
    const tenants = keys(2_000).map((tenant) => shardOf(tenant));

    expect(tenants.every((shard) => new Set(shard).size === 4)).toBe(true);
    const victim = [...tenants[0]!].sort().join();
    const alike = tenants.slice(1).filter((shard) => [...shard].sort().join() === victim);
    // One in 1,820 is expected to share all four.
    expect(alike.length).toBeLessThanOrEqual(6);
  });

  it('changes at most one node of a tenant when a node joins', () => {
    const before = shuffleShards({ nodes: sixteen, size: 4 });
    const after = shuffleShards({ nodes: [...sixteen, { id: 'new' }], size: 4 });

    for (const tenant of keys(500)) {
      const kept = after(tenant).filter((id) => before(tenant).includes(id));
      expect(kept.length).toBeGreaterThanOrEqual(3);
    }
  });

  it('spreads a tenant over zones', () => {
    const shardOf = shuffleShards({ nodes: sixteen, size: 4, distinct: 'zone' });
    const zoneOf = new Map(sixteen.map(({ id, zone }) => [id, zone]));

    for (const tenant of keys(200)) {
      expect(new Set(shardOf(tenant).map((id) => zoneOf.get(id))).size).toBe(4);
    }
  });

  it('refuses a tenant that is no text', () => {
    const shardOf = shuffleShards({ nodes: sixteen, size: 4 });

    expect(() => shardOf(7 as never)).toThrow(OptionError);
  });

  it.each([0, 17, 1.5])('refuses a size of %s', (size) => {
    expect(() => shuffleShards({ nodes: sixteen, size })).toThrow(OptionError);
  });
});
