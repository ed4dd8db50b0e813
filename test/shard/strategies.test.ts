// What every strategy promises, and where each of them stops promising.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionError, TenfoldError, xxh32 } from '../../src/core/index.ts';
import {
  boundedRing,
  directory,
  hashTag,
  jump,
  ketama,
  maglev,
  modulo,
  ranges,
  redisSlots,
  rendezvous,
  ring,
  type ShardMapSnapshot,
  shardMap,
  type ShardNode,
  slots,
  type Strategy,
} from '../../src/shard/index.ts';
import { members } from '../../src/shard/shard-node.ts';
import { anyKey, anyNodes, keys, nodes } from './nodes.ts';

const weighty: [string, () => Strategy][] = [
  ['slots', () => slots({ slots: 1024 })],
  ['ring', () => ring({ pointsPerNode: 20 })],
  ['ketama', () => ketama()],
  ['maglev', () => maglev({ size: 1021 })],
  ['rendezvous', () => rendezvous()],
  ['boundedRing', () => boundedRing({ slots: 512, pointsPerNode: 20 })],
  ['redisSlots', () => redisSlots()],
];
const unweighted: [string, () => Strategy][] = [
  ['jump', () => jump()],
  ['jump-back', () => jump({ algorithm: 'jump-back' })],
  ['modulo', () => modulo()],
];
const all = [...weighty, ...unweighted];
const plain = (list: ShardNode[]): ShardNode[] => list.map(({ id }) => ({ id }));

describe.each(all)('%s', (name, strategy) => {
  const fit = (list: ShardNode[]): ShardNode[] =>
    unweighted.some(([other]) => other === name) ? plain(list) : list;

  it('gives every key, whatever its characters, exactly one owner among the nodes', () => {
    fc.assert(
      fc.property(anyNodes, anyKey, (list, key) => {
        const map = shardMap({ nodes: fit(list), strategy: strategy() });
        const placement = strategy().place(map.nodes);

        expect(list.map(({ id }) => id)).toContain(map.owner(key));
        expect(map.slot(key)).toBeGreaterThanOrEqual(0);
        expect(map.slot(key)).toBeLessThan(placement.slots);
      }),
      { numRuns: 20 },
    );
  });

  it('names the owner first and nobody twice among the replicas', () => {
    fc.assert(
      fc.property(anyNodes, anyKey, fc.integer({ min: 1, max: 12 }), (list, key, count) => {
        const map = shardMap({ nodes: fit(list), strategy: strategy() });
        const owners = map.owners(key, count);

        expect(owners[0]).toBe(map.owner(key));
        expect(new Set(owners).size).toBe(owners.length);
        // A ketama node of very small weight has no point and so is no replica either.
        if (name !== 'ketama') expect(owners.length).toBe(Math.min(count, list.length));
      }),
      { numRuns: 20 },
    );
  });

  it('takes a replica of each zone before a second of any', () => {
    const list = ['x', 'y', 'z'].flatMap((zone) =>
      [1, 2, 3].map((at) => ({ id: zone + at, zone })),
    );
    const map = shardMap({ nodes: list, strategy: strategy() });

    for (const key of keys(200)) {
      const zones = map.owners(key, 4, { distinct: 'zone' }).map((id) => id[0]);
      expect(new Set(zones.slice(0, 3)).size).toBe(3);
      expect(zones.length).toBe(4);
    }
  });

  it('says the same in another process, whatever the order of the list', () => {
    const ordered = name.startsWith('jump') || name === 'modulo' || name === 'redisSlots';
    const one = shardMap({ nodes: nodes(7), strategy: strategy() });
    const list = nodes(7);
    const other = shardMap({ nodes: ordered ? list : list.reverse(), strategy: strategy() });

    expect(keys(500).map((key) => other.owner(key))).toEqual(
      keys(500).map((key) => one.owner(key)),
    );
    expect(other.checksum).toBe(one.checksum);
  });

  it('comes back from a snapshot through JSON', async () => {
    const map = shardMap({ nodes: nodes(3), strategy: strategy() });
    await map.apply(map.plan({ add: nodes(2, 3) }, { keys: keys(100) }));
    const other = shardMap({ nodes: nodes(1), strategy: strategy() });

    const adopted = other.adopt(JSON.parse(JSON.stringify(map.snapshot())) as ShardMapSnapshot);

    expect(adopted).toBe(true);
    expect(keys(500).map((key) => other.owner(key))).toEqual(
      keys(500).map((key) => map.owner(key)),
    );
    expect(other.checksum).toBe(map.checksum);
    expect(other.adopt(map.snapshot())).toBe(false);
  });
});

describe.each([
  ['slots', slots],
  ['ring', ring],
  ['rendezvous', rendezvous],
  ['jump', jump],
] as [string, () => Strategy][])('%s moves nothing in vain', (_, strategy) => {
  it.each([5, 20])('when one node joins %i', async (count) => {
    const map = shardMap({ nodes: nodes(count), strategy: strategy() });
    const sample = keys(10_000);
    const before = sample.map((key) => map.owner(key));
    const plan = map.plan({ add: [{ id: 'new' }] });

    await map.apply(plan);

    const moved = sample.filter((key, at) => map.owner(key) !== before[at]);
    expect(moved.every((key) => map.owner(key) === 'new')).toBe(true);
    expect(plan.collateralRatio).toBe(0);
  });

  it('when the last node goes', async () => {
    const map = shardMap({ nodes: nodes(10), strategy: strategy() });
    const before = new Map(keys(5_000).map((key) => [key, map.owner(key)]));

    await map.apply(map.plan({ remove: ['n9'] }, { keys: keys(100) }));

    for (const [key, owner] of before) {
      if (owner !== 'n9') expect(map.owner(key)).toBe(owner);
      else expect(map.owner(key)).not.toBe('n9');
    }
  });
});

describe('evenness', () => {
  it('gives weighted slots to a slot', () => {
    fc.assert(
      fc.property(anyNodes, (list) => {
        const placement = slots({ slots: 1024 }).place(members(list));
        const total = list.reduce((sum, { weight = 1 }) => sum + weight, 0);
        const counts = new Map<string, number>();
        for (let slot = 0; slot < 1024; slot++) {
          const { id } = placement.table!.ownerAt(slot);
          counts.set(id, (counts.get(id) ?? 0) + 1);
        }
        for (const { id, weight = 1 } of list) {
          expect(Math.abs((counts.get(id) ?? 0) - (1024 * weight) / total)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('bounds a bounded ring', () => {
    const map = shardMap({ nodes: nodes(100), strategy: boundedRing() });

    expect(map.plan({ add: [] }).peakBefore).toBeLessThanOrEqual(1.26);
  });

  it('gives the lightest of a hundred and one a point on the ring', () => {
    const list = [{ id: 'light', weight: 0.001 }, ...nodes(3)];
    const placement = ring().place(shardMap({ nodes: list }).nodes);

    expect(placement.slots).toBe(481);
  });
});

describe('a checksum', () => {
  it.each([
    [{ strategy: ring() }, { strategy: ring({ pointsPerNode: 20 }) }],
    [{ strategy: slots() }, { strategy: slots({ seed: 1 }) }],
    [{ strategy: slots() }, { strategy: slots({ hash: xxh32 }) }],
    [{ strategy: slots() }, { tag: hashTag }],
    [{ strategy: jump() }, { strategy: jump({ algorithm: 'jump-back' }) }],
  ])('tells maps apart that place keys differently (%#)', (one, other) => {
    const [first, second] = [one, other].map((options) =>
      shardMap({ nodes: nodes(3), ...options }),
    );

    expect(first!.checksum).not.toBe(second!.checksum);
  });
});

describe('jump', () => {
  it('fills the place of a removed node with an added one and moves nothing else', () => {
    const map = shardMap({ nodes: nodes(10), strategy: jump() });

    const plan = map.plan({ remove: ['n3'], add: [{ id: 'new' }] });

    expect(plan.movedRatio).toBeCloseTo(0.1, 1);
    expect(plan.collateralRatio).toBe(0);
    expect(plan.moves.filter(({ share }) => share > 0)).toMatchObject([{ from: 'n3', to: 'new' }]);
  });

  it('says what it costs to remove a node from the middle', () => {
    const map = shardMap({ nodes: nodes(10), strategy: jump() });

    const plan = map.plan({ remove: ['n3'] });

    expect(plan.movedRatio).toBeCloseTo(0.19, 1);
    expect(plan.collateralRatio).toBeGreaterThan(0.05);
  });

  it.each([jump(), modulo()])('and modulo refuse weights', (strategy) => {
    expect(() => shardMap({ nodes: [{ id: 'a', weight: 2 }], strategy })).toThrow(OptionError);
  });
});

describe('ranges', () => {
  const starts = [
    { from: '', node: 'a' },
    { from: 'g', node: 'b' },
    { from: 'p', node: 'c' },
  ];
  const list = [{ id: 'a' }, { id: 'b' }, { id: 'c' }];

  it.each([
    ['', 'a'],
    ['fz', 'a'],
    ['g', 'b'],
    ['oz', 'b'],
    ['p', 'c'],
    ['zebra', 'c'],
    ['\u{1f600}', 'c'],
  ])('finds the range of %j', (key, owner) => {
    expect(shardMap({ nodes: list, strategy: ranges(starts) }).owner(key)).toBe(owner);
  });

  it('splits a range and hands the range of a node that goes to the one before', async () => {
    const map = shardMap({ nodes: list, strategy: ranges(starts) });

    await map.apply(map.plan({ add: [{ id: 'd' }], assign: [{ from: 'k', node: 'd' }] }));
    expect(['h', 'l', 'q'].map((key) => map.owner(key))).toEqual(['b', 'd', 'c']);

    const plan = map.plan({ remove: ['c'] });
    expect(plan.moves).toMatchObject([{ from: 'c', to: 'd' }]);
    await map.apply(plan);
    expect(map.owner('q')).toBe('d');
    expect(map.adopt(map.snapshot())).toBe(false);
  });

  it('leaves the replicas of other ranges alone when one is split', async () => {
    const map = shardMap({ nodes: list, strategy: ranges(starts) });
    const before = ['h', 'q'].map((key) => map.owners(key, 3));

    await map.apply(map.plan({ assign: [{ from: 'c', node: 'c' }] }));

    expect(map.owner('d')).toBe('c');
    expect(['h', 'q'].map((key) => map.owners(key, 3))).toEqual(before);
  });

  it.each([
    [undefined],
    [[]],
    [[{ from: 'a', node: 'a' }]],
    [
      [
        { from: '', node: 'a' },
        { from: '', node: 'b' },
      ],
    ],
    [[{ from: '', node: 'nobody' }]],
  ])('refuses boundaries %j', (wrong) => {
    const strategy = ranges(wrong as never);

    expect(() => shardMap({ nodes: list, strategy })).toThrow(OptionError);
  });
});

describe('directory', () => {
  const strategy = directory({
    partitions: ['eu', 'us'],
    partitionOf: (key) => key.slice(0, 2),
    slotsEach: 64,
  });
  const list = [
    { id: 'eu-1', serves: ['eu'] },
    { id: 'eu-2', serves: ['eu'], zone: 'b' },
    { id: 'us-1', serves: ['us'] },
  ];

  it('keeps every key, its replicas and its movement in its region', async () => {
    const map = shardMap({ nodes: list, strategy });
    const plan = map.plan({ add: [{ id: 'eu-3', serves: ['eu'] }], remove: ['eu-1'] });

    expect(plan.moves.every(({ from, to }) => from.startsWith('eu') && to.startsWith('eu'))).toBe(
      true,
    );
    await map.apply(plan);
    for (const key of keys(200)) {
      expect(map.owner(`eu ${key}`)).toMatch(/^eu/);
      expect(map.owners(`us ${key}`, 3)).toEqual(['us-1']);
    }
  });

  it('refuses to leave a region without a node, and a key of no region', () => {
    const map = shardMap({ nodes: list, strategy });

    expect(() => map.plan({ remove: ['us-1'] })).toThrow(/partition 'us'/);
    expect(() => map.owner('mars 1')).toThrow(OptionError);
    expect(() => shardMap({ nodes: [{ id: 'x' }], strategy })).toThrow(OptionError);
  });

  it('is even when each region is, however many nodes a region has', () => {
    const plan = shardMap({ nodes: list, strategy }).plan({
      add: [{ id: 'us-2', serves: ['us'] }],
    });

    expect([plan.peakBefore, plan.peakAfter]).toEqual([1, 1]);
  });

  it('sends unknown partitions where it is told', () => {
    const otherwise = directory({
      partitions: ['eu', 'us'],
      partitionOf: (key) => key.slice(0, 2),
      otherwise: 'us',
    });

    expect(shardMap({ nodes: list, strategy: otherwise }).owner('mars 1')).toBe('us-1');
  });
});

describe('bad input', () => {
  it.each([
    [[]],
    [[{ id: '' }]],
    [[{ id: 'a' }, { id: 'a' }]],
    [[{ id: 'a', weight: 0 }]],
    [[{ id: 'a', weight: -1 }]],
    [[{ id: 'a', weight: NaN }]],
    [[{ id: 'a', weight: Infinity }]],
  ])('refuses the nodes %j', (list) => {
    expect(() => shardMap({ nodes: list })).toThrow(OptionError);
  });

  it.each([
    { remove: ['n0', 'n1'] },
    { remove: ['nobody'] },
    { reweight: { n0: 0 } },
    { reweight: { nobody: 1 } },
    { add: [{ id: 'n0' }] },
    { add: { id: 'x' } },
    { remove: 'n0' },
    { assign: [{ slot: -1, node: 'n0' }] },
    { assign: [{ slot: 3, node: 'nobody' }] },
    { assign: [{ from: 'a', node: 'n0' }] },
  ])('refuses the change %j', (change) => {
    const map = shardMap({ nodes: nodes(2) });

    expect(() => map.plan(change as never)).toThrow(OptionError);
  });

  it.each([
    () => slots({ slots: 100 }),
    () => slots({ slots: 8 }),
    () => directory({ partitionOf: String } as never),
    () => shardMap({ nodes: [{ id: 'a', serves: 'eu' as never }] }),
    () => ring({ pointsPerNode: 0 }),
    () => boundedRing({ bound: 0 }),
    () => shardMap({ nodes: nodes(1), memo: -1 }),
    () => shardMap({ nodes: nodes(17), strategy: slots({ slots: 16 }) }),
    () => shardMap({ nodes: nodes(1) }).owners('a', 0),
    () => shardMap({ nodes: nodes(1), strateggy: slots() } as never),
  ])('refuses an option out of range (%#)', (make) => {
    expect(make).toThrow(TenfoldError);
  });
});

describe('look-ups', () => {
  it('keep keys of one tag together', () => {
    const map = shardMap({ nodes: nodes(9), tag: (key) => key.split(':')[0]! });

    expect(map.owner('user7:cart')).toBe(map.owner('user7:orders'));
    expect(map.slot('user7:cart')).toBe(map.slot('user7'));
    expect(map.owners('user7:a', 2)).toEqual(map.owners('user7:b', 2));
  });

  it('group keys by owner in their order', () => {
    const map = shardMap({ nodes: nodes(3) });
    const sample = keys(50);

    const groups = map.group(sample);

    expect([...groups.values()].flat().sort()).toEqual([...sample].sort());
    for (const [owner, group] of groups) {
      expect(group).toEqual(sample.filter((key) => map.owner(key) === owner));
    }
  });

  it('remember no owner beyond a change', async () => {
    const map = shardMap({ nodes: nodes(3), memo: 10 });
    const plainMap = shardMap({ nodes: nodes(3) });
    const sample = keys(100);
    sample.forEach((key) => map.owner(key));

    await map.apply(map.plan({ add: nodes(1, 3) }));
    await plainMap.apply(plainMap.plan({ add: nodes(1, 3) }));

    for (const key of [...sample, ...sample]) expect(map.owner(key)).toBe(plainMap.owner(key));
  });
});
