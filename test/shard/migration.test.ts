// Plans, and the way from one owner to the next.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionError } from '../../src/core/index.ts';
import {
  boundedRing,
  directory,
  hashTag,
  type JournalEntry,
  jump,
  maglev,
  type MigrationHooks,
  modulo,
  type Move,
  rendezvous,
  replayed,
  ring,
  type ShardMap,
  shardMap,
  type ShardMapSnapshot,
  slots,
  type Strategy,
} from '../../src/shard/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { anyNodes, keys, nodes } from './nodes.ts';

const small = (): Strategy => slots({ slots: 64 });
const sample = keys(80);

/** A store that keeps each key's value at the nodes that hold it, moved by the hooks of a migration. */
function store(map: ShardMap) {
  const held = new Map<string, Set<string>>();
  const at = (node: string): Set<string> => {
    const found = held.get(node) ?? new Set<string>();
    held.set(node, found);
    return found;
  };
  for (const key of sample) at(map.owner(key)).add(key);
  const hooks = (keysOf: (move: Move) => string[]): MigrationHooks => ({
    copy: (move) => keysOf(move).forEach((key) => at(move.to).add(key)),
    verify: (move) => keysOf(move).every((key) => at(move.to).has(key)),
    release: (move) => keysOf(move).forEach((key) => at(move.from).delete(key)),
    abandon: (move) => keysOf(move).forEach((key) => at(move.to).delete(key)),
  });
  return { at, hooks };
}

describe('a plan', () => {
  it('is a dry run: what moves, what for, how long', () => {
    const map = shardMap({ nodes: nodes(3) });
    const owners = sample.map((key) => map.owner(key));

    const plan = map.plan(
      { add: [{ id: 'n3' }] },
      { slotsPerMove: 512, bytesOf: () => 10, perNode: 1 },
    );

    expect(plan.movedRatio).toBeCloseTo(0.25, 3);
    expect(plan.collateralRatio).toBe(0);
    expect(plan.exact).toBe(true);
    expect(plan.bytes).toBe(40_960);
    expect(plan.moves.every(({ to, slots }) => to === 'n3' && slots.length <= 512)).toBe(true);
    // Every move goes to the one new node, which takes part in one at a time.
    expect(plan.rounds).toBe(plan.moves.length);
    expect(plan.peakAfter).toBeCloseTo(1, 3);
    expect(sample.map((key) => map.owner(key))).toEqual(owners);
    expect(map.epoch).toBe(0);
  });

  it('drains nodes that go first', () => {
    const map = shardMap({ nodes: nodes(5) });

    const plan = map.plan({ remove: ['n1'], reweight: { n2: 0.1 } }, { perNode: 2 });

    const froms = plan.moves.map(({ from }) => from);
    expect(froms.lastIndexOf('n1')).toBeLessThan(froms.indexOf('n2'));
    expect(plan.rounds).toBeLessThan(plan.moves.length);
  });

  it('moves no more slots than it must and leaves each node within a slot of its share', () => {
    fc.assert(
      fc.property(anyNodes, anyNodes, fc.nat(), (first, second, pick) => {
        const map = shardMap({ nodes: first, strategy: slots({ slots: 256 }) });
        const known = new Set(first.map(({ id }) => id));
        const add = second.filter(({ id }) => !known.has(id));
        const remove = add.length === 0 ? [] : [first[pick % first.length]!.id];

        const { moves, collateralRatio, after } = map.plan({ add, remove });

        const before = shares(map.snapshot());
        const due = shares({ ...map.snapshot(), nodes: after.placement.nodes });
        const least = [...before].reduce(
          (sum, [id, share]) => sum + Math.max(0, share - (due.get(id) ?? 0)),
          0,
        );
        const moved = moves.reduce((sum, move) => sum + move.slots.length, 0);
        expect(collateralRatio).toBe(0);
        expect(moved).toBeLessThanOrEqual(least + first.length + add.length);
        for (const [id, count] of countsOf(after.placement)) {
          expect(Math.abs(count - due.get(id)!)).toBeLessThanOrEqual(2);
        }
      }),
    );
  });

  it('weighs slots by their load and moves single ones by hand', async () => {
    const map = shardMap({ nodes: nodes(2), strategy: small() });
    const hot = map.slot('hot');
    const to = map.owner('hot') === 'n0' ? 'n1' : 'n0';
    const loadOf = (slot: number): number => (slot === hot ? 64 : 1);

    const plan = map.plan({ assign: [{ slot: hot, node: to }] }, { loadOf });

    expect(plan.moves).toMatchObject([{ slots: [hot], to, share: 64 / 127 }]);
    await map.apply(plan);
    expect(map.owner('hot')).toBe(to);
    const even = map.plan({ rebalance: true });
    expect(even.moves.reduce((sum, move) => sum + move.slots.length, 0)).toBe(1);
  });

  it('estimates Maglev and bounded rings with their collateral', () => {
    for (const strategy of [maglev(), boundedRing({ bound: 1.05 })]) {
      const plan = shardMap({ nodes: nodes(20), strategy }).plan({ add: nodes(1, 20) });

      expect(plan.exact).toBe(true);
      expect(plan.collateralRatio).toBeGreaterThan(0);
      expect(plan.collateralRatio).toBeLessThan(0.02);
    }
  });

  it('leads from modulo to slots', async () => {
    const map = shardMap({ nodes: nodes(4), strategy: modulo() });
    const kept = store(map);
    const plan = map.plan({ strategy: slots() });

    expect(plan.moves.length).toBe(12);
    expect(plan.movedRatio).toBeCloseTo(0.75, 1);
    expect(plan.exact).toBe(false);
    await map.apply(plan, {
      hooks: kept.hooks((move) =>
        [...kept.at(move.from)].filter((key) => plan.moveOf(key) === move),
      ),
    });

    expect(map.strategy).toBe('slots');
    for (const key of sample) expect(kept.at(map.owner(key)).has(key)).toBe(true);
    expect(map.plan({ add: nodes(1, 4) }).collateralRatio).toBe(0);
  });

  it('lists every pair of nodes between which a key can move, seen in the sample or not', () => {
    for (const strategy of [ring(), rendezvous()]) {
      const map = shardMap({ nodes: nodes(6), strategy });
      const plan = map.plan({ add: nodes(1, 6), remove: ['n0'] }, { keys: ['a'] });
      const after = plan.after.placement;

      for (const key of keys(2_000)) {
        const moves = map.owner(key) !== after.owner(key).id;
        expect(plan.moveOf(key) !== undefined).toBe(moves);
      }
    }
  });
});

describe('what a plan is told', () => {
  it('finds the move of a key by its tag, as look-ups do', async () => {
    const map = shardMap({ nodes: nodes(3), tag: hashTag });
    const tagged = keys(400).map((key, at) => `${key}:{user ${at % 50}}`);
    const before = tagged.map((key) => map.owner(key));
    const plan = map.plan({ add: nodes(1, 3) });

    await map.apply(plan);

    const back = map.reverse(plan);
    tagged.forEach((key, at) => {
      const isMoved = map.owner(key) !== before[at];
      expect([key, plan.moveOf(key)?.to]).toEqual([key, isMoved ? map.owner(key) : undefined]);
      expect([key, back.moveOf(key)?.to]).toEqual([key, isMoved ? before[at] : undefined]);
    });
  });

  it('counts a sample that can be gone through only once, by tag', () => {
    const map = shardMap({ nodes: nodes(3), strategy: ring(), tag: hashTag });
    function* onceOnly(): Generator<string> {
      for (const key of keys(3_000)) yield `{${key}}:cart`;
    }

    const { movedRatio } = map.plan({ add: nodes(1, 3) }, { keys: onceOnly() });
    const untagged = shardMap({ nodes: nodes(3), strategy: ring() });

    expect(movedRatio).toBe(untagged.plan({ add: nodes(1, 3) }, { keys: keys(3_000) }).movedRatio);
    expect(movedRatio).toBeGreaterThan(0.15);
  });

  it('estimates bytes from all bytes where there are no slots', () => {
    const plan = shardMap({ nodes: nodes(4), strategy: modulo() }).plan(
      { strategy: slots() },
      { totalBytes: 1_000_000 },
    );

    expect(plan.bytes).toBeCloseTo(1_000_000 * plan.movedRatio, 3);
    expect(plan.moves[0]?.bytes).toBeCloseTo(1_000_000 * plan.moves[0]!.share, 6);
  });

  it('counts the rounds of thousands of moves as they would be run, at once', () => {
    const map = shardMap({ nodes: nodes(2) });

    const single = map.plan({ add: nodes(1, 2) }, { slotsPerMove: 1 });
    const double = map.plan({ add: nodes(1, 2) }, { slotsPerMove: 1, perNode: 2 });

    expect(single.moves.length).toBeGreaterThan(5_000);
    expect(single.rounds).toBe(single.moves.length);
    expect(double.rounds).toBe(Math.ceil(single.moves.length / 2));
  });

  it.each([
    { loadOf: () => NaN },
    { loadOf: () => -1 },
    { loadOf: 5 },
    { bytesOf: () => NaN },
    { totalBytes: -1 },
    { perNode: 0 },
    { slotsPerMove: 0 },
    { bytesof: () => 1 },
    { keys: [7] },
  ])('refuses %j', (options) => {
    const strategy = 'keys' in options ? ring() : slots();
    const map = shardMap({ nodes: nodes(2), strategy });

    expect(() => map.plan({ add: nodes(1, 2) }, options as never)).toThrow(OptionError);
  });

  it.each([ring(), rendezvous(), jump(), maglev({ size: 1021 }), boundedRing()])(
    'refuses to assign by hand what is computed, rather than leave it out (%#)',
    (strategy) => {
      const map = shardMap({ nodes: nodes(2), strategy });
      const assign = [{ slot: 1, node: 'n0' }];

      expect(() => map.plan({ assign })).toThrow(/assign must be absent/);
      expect(() => map.plan({ assign, strategy: slots() })).toThrow(/assign must be absent/);
    },
  );

  it('asks for real keys where made-up ones have no partition, and can be adopted half-way', async () => {
    const list = [
      { id: 'eu-1', serves: ['eu'] },
      { id: 'us-1', serves: ['us'] },
      { id: 'us-2', serves: ['us'] },
    ];
    const regions = directory({
      partitions: ['eu', 'us'],
      partitionOf: (key) => key.slice(0, 2),
      slotsEach: 64,
    });
    const map = shardMap({ nodes: list, strategy: modulo() });
    const real = keys(300).map((key, at) => (at % 3 === 0 ? 'eu' : 'us') + key);

    expect(() => map.plan({ strategy: regions })).toThrow(/plan\.keys must be a sample/);
    const plan = map.plan({ strategy: regions }, { keys: real });
    const stop = new AbortController();
    const hooks: MigrationHooks = { release: () => stop.abort() };
    await expect(map.apply(plan, { hooks, signal: stop.signal })).rejects.toThrow();

    const other = shardMap({ nodes: nodes(1), strategy: modulo() });
    other.adopt(JSON.parse(JSON.stringify(map.snapshot())) as ShardMapSnapshot, [regions]);
    expect(real.map((key) => other.owner(key))).toEqual(real.map((key) => map.owner(key)));
    expect(other.pending?.peakAfter).toBe(plan.peakAfter);
    await other.apply(other.pending!);
    for (const key of real) expect(other.owner(key).slice(0, 2)).toBe(key.slice(0, 2));
  });
});

describe('a node', () => {
  it('may be called what every object knows', () => {
    const map = shardMap({ nodes: ['valueOf', '__proto__', 'n'].map((id) => ({ id })) });

    const plan = map.plan({ reweight: { n: 3 } });

    expect(plan.after.placement.nodes.map(({ weight }) => weight).sort()).toEqual([1, 1, 3]);
  });
});

describe('applying a plan', () => {
  it('calls the hooks of each move in order and raises the epoch at fence and switch', async () => {
    const map = shardMap({ nodes: nodes(1), strategy: slots({ slots: 16 }) });
    const seen: string[] = [];
    const note = (name: string) => (_: Move, context: { epoch: number }) => {
      seen.push(`${name} ${context.epoch}`);
    };
    const verify = (): boolean => (seen.push('verify'), true);
    const hooks: MigrationHooks = {
      prepare: note('prepare'),
      copy: note('copy'),
      verify,
      fence: note('fence'),
      switch: note('switch'),
      release: note('release'),
    };

    await map.apply(map.plan({ add: nodes(1, 1) }), { hooks });

    expect(seen).toEqual(['prepare 0', 'copy 0', 'verify', 'fence 1', 'switch 1', 'release 1']);
    expect(map.epoch).toBe(3);
  });

  it('runs as many moves at a time as the nodes allow', async () => {
    const runtime = virtualRuntime();
    const map = shardMap({ nodes: nodes(4), strategy: small(), runtime });
    const busy = new Map<string, number>();
    let most = 0;
    const count = (move: Move, by: number): void => {
      for (const id of [move.from, move.to]) {
        busy.set(id, (busy.get(id) ?? 0) + by);
        most = Math.max(most, busy.get(id)!);
      }
    };
    const plan = map.plan({ add: nodes(4, 4) }, { slotsPerMove: 2, perNode: 2 });

    await runtime.run(() =>
      map.apply(plan, {
        hooks: {
          copy: async (move) => {
            count(move, 1);
            await runtime.sleep(10);
            count(move, -1);
          },
        },
      }),
    );

    expect(most).toBe(2);
    expect(runtime.now()).toBe(plan.rounds * 10);
  });

  it('refuses a write by an owner of yesterday', async () => {
    const map = shardMap({ nodes: nodes(2), strategy: small() });
    const plan = map.plan({ add: nodes(1, 2) });
    const key = sample.find((one) => plan.moveOf(one) !== undefined)!;
    const old = map.claim(key);
    const during: unknown[] = [];

    expect(map.check(old)).toEqual({ ok: true });
    await map.apply(plan, {
      hooks: {
        fence: () => void during.push(map.check(old)),
      },
    });

    expect(during).toContainEqual(expect.objectContaining({ ok: false, reason: 'fenced' }));
    expect(map.check(old)).toMatchObject({ ok: false, reason: 'moved', owner: 'n2' });
    await map.apply(map.reverse(plan));
    expect(map.owner(key)).toBe(old.node);
    expect(map.check(old)).toMatchObject({ ok: false, reason: 'stale' });
    expect(map.check(map.claim(key))).toEqual({ ok: true });
  });

  it('keeps the old owner when verify says no, and can go on afterwards', async () => {
    const map = shardMap({ nodes: nodes(2), strategy: small() });
    const before = sample.map((key) => map.owner(key));
    const plan = map.plan({ add: nodes(1, 2) });
    const abandoned: number[] = [];

    const applying = map.apply(plan, {
      hooks: { verify: () => false, abandon: ({ id }) => void abandoned.push(id) },
    });

    await expect(applying).rejects.toMatchObject({ code: 'ERR_MIGRATION' });
    expect(abandoned).toEqual([0]);
    expect(sample.map((key) => map.owner(key))).toEqual(before);
    expect(map.pending).toBeUndefined();
    await map.apply(map.plan({ add: nodes(1, 2) }));
    expect(map.nodes.length).toBe(3);
  });

  it('stops at an abort, keeps what was switched, and goes on or back', async () => {
    const map = shardMap({ nodes: nodes(2), strategy: small() });
    const before = sample.map((key) => map.owner(key));
    const plan = map.plan({ add: nodes(1, 2) }, { slotsPerMove: 4 });
    const stop = new AbortController();
    const hooks: MigrationHooks = {
      release: ({ id }) => {
        if (id === 2) stop.abort(new Error('enough'));
      },
    };

    await expect(map.apply(plan, { hooks, signal: stop.signal })).rejects.toThrow('enough');

    expect(map.pending).toBe(plan);
    expect(() => map.plan({})).toThrow(/under way/);
    await map.apply(map.reverse(plan));
    expect(map.pending).toBeUndefined();
    expect(sample.map((key) => map.owner(key))).toEqual(before);
    expect(map.nodes.length).toBe(2);
  });

  it('does not stop for a release that fails, but reports it', async () => {
    const runtime = virtualRuntime();
    const map = shardMap({ nodes: nodes(1), strategy: small(), runtime });
    const release = (): never => {
      throw new Error('disk');
    };

    await runtime.run(() => map.apply(map.plan({ add: nodes(1, 1) }), { hooks: { release } }));

    expect(map.nodes.length).toBe(2);
    expect(runtime.faults[0]?.origin).toContain('release');
  });

  it('refuses a plan of an earlier epoch, a second migration, and the reverse of another plan', async () => {
    const map = shardMap({ nodes: nodes(2), strategy: small() });
    const early = map.plan({ add: nodes(1, 2) });
    const plan = map.plan({ add: nodes(1, 3) });
    let second: Promise<void> | undefined;

    await map.apply(plan, { hooks: { copy: () => void (second ??= map.apply(plan)) } });

    await expect(second).rejects.toThrow(/running already/);
    await expect(map.apply(early)).rejects.toThrow(/plan again/);
    expect(() => map.reverse(early)).toThrow(/applied last/);
  });

  it.each([{ copi: () => undefined }, { copy: 5 }])(
    'refuses hooks that would be left out: %j',
    async (hooks) => {
      const map = shardMap({ nodes: nodes(1), strategy: small() });
      const plan = map.plan({ add: nodes(1, 1) });

      await expect(map.apply(plan, { hooks: hooks as never })).rejects.toThrow(/hooks\.cop/);
      await expect(map.apply(undefined as never)).rejects.toThrow(/apply\.plan/);
      expect([map.epoch, map.isMoving]).toEqual([0, false]);
    },
  );

  it('takes hooks from an object of a class, whatever else it has', async () => {
    class Mover {
      copied = 0;
      copy(): void {
        this.copied++;
      }
    }
    const mover = new Mover();
    const map = shardMap({ nodes: nodes(1), strategy: small() });

    await map.apply(map.plan({ add: nodes(1, 1) }), { hooks: mover });

    expect(mover.copied).toBe(1);
  });

  it('lets the old owner go, after a crash, of what had been switched before', async () => {
    const map = shardMap({ nodes: nodes(1), strategy: small() });
    const plan = map.plan({ add: nodes(2, 1) }, { slotsPerMove: 8 });
    const journal: JournalEntry<ShardMapSnapshot>[] = [];
    await map.apply(plan, { journal: { append: (entry) => void journal.push(entry) } });
    const crashedAt =
      1 + journal.findIndex((entry) => 'phase' in entry && entry.phase === 'switched');

    const again = shardMap({ nodes: nodes(1), strategy: small() });
    again.adopt(replayed(journal.slice(0, crashedAt))!);
    const copied: number[] = [];
    const released: number[] = [];
    await again.apply(again.pending!, {
      hooks: {
        copy: ({ id }) => void copied.push(id),
        release: ({ id }) => void released.push(id),
      },
    });

    expect(released.sort((a, b) => a - b)).toEqual(plan.moves.map(({ id }) => id));
    expect(copied.length).toBe(plan.moves.length - 1);
  });

  it('goes on after a crash before anything had moved', async () => {
    const map = shardMap({ nodes: nodes(3), strategy: small() });
    const journal: JournalEntry<ShardMapSnapshot>[] = [];
    const plan = map.plan({ add: nodes(1, 3) });
    await map.apply(plan, { journal: { append: (entry) => void journal.push(entry) } });

    const again = shardMap({ nodes: nodes(1), strategy: small() });

    expect(again.adopt(replayed(journal.slice(0, 1))!)).toBe(true);
    expect(again.nodes.length).toBe(4);
    await again.apply(again.pending!);
    expect(again.checksum).toBe(map.checksum);
  });

  it.each([
    undefined,
    { key: 'a', node: 'n0' },
    { key: 'a', node: 'n0', epoch: NaN },
    { key: 'a', node: 'n0', epoch: '3' },
    { key: 'a', epoch: 3 },
    { key: 7, node: 'n0', epoch: 3 },
  ])('refuses to hold %j for a claim', (claim) => {
    const map = shardMap({ nodes: nodes(1) });

    expect(() => map.check(claim as never)).toThrow(OptionError);
  });

  it.each([
    { claimsFrom: undefined },
    { migration: { after: {}, moves: [] } },
    { move: { phase: 'gone' } },
    { move: { from: 'nobody' } },
    { move: { epoch: -1 } },
    { move: { slots: 7 } },
  ])('refuses a snapshot with %j, and stays as it was', async ({ move, ...wrong }) => {
    const map = shardMap({ nodes: nodes(2), strategy: small() });
    const stop = new AbortController();
    const hooks: MigrationHooks = { release: () => stop.abort() };
    await map
      .apply(map.plan({ add: nodes(1, 2) }, { slotsPerMove: 4 }), { hooks, signal: stop.signal })
      .catch(() => undefined);
    const snapshot = map.snapshot();
    const [first, ...rest] = snapshot.migration!.moves;
    const migration = { ...snapshot.migration!, moves: [{ ...first!, ...move }, ...rest] };
    const other = shardMap({ nodes: nodes(1), strategy: small() });

    expect(() => other.adopt({ ...snapshot, migration, ...wrong } as never)).toThrow(OptionError);
    expect([other.epoch, other.nodes.length]).toEqual([0, 1]);
    expect(other.adopt(snapshot)).toBe(true);
  });

  it('tells listeners what changed', async () => {
    const map = shardMap({ nodes: nodes(1), strategy: slots({ slots: 16 }) });
    const seen: string[] = [];
    using _ = map.on('change', ({ epoch }) => seen.push(`change ${epoch}`));
    using __ = map.on('move', ({ phase, epoch }) => seen.push(`${phase} ${epoch}`));

    await map.apply(map.plan({ add: nodes(1, 1) }));

    expect(seen).toEqual(['fenced 1', 'switched 2', 'change 2', 'change 3']);
  });
});

describe('at every step of a migration stopped anywhere', () => {
  const strategies: [string, () => Strategy, (() => Strategy) | undefined][] = [
    ['slots', small, undefined],
    ['ring', () => ring({ pointsPerNode: 8 }), undefined],
    ['bounded ring', () => boundedRing({ slots: 64, pointsPerNode: 8 }), undefined],
    ['modulo to slots', modulo, small],
  ];
  const runtime = virtualRuntime(); // takes the reports of failed releases
  const steps = ['prepare', 'copy', 'verify', 'fence', 'switch', 'release'] as const;

  it.each(strategies)('no key of %s is unowned, doubly owned or lost', async (_, from, to) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 2 }),
        fc.boolean(),
        fc.nat(40),
        fc.constantFrom<('resume' | 'back' | 'crash')[]>('resume', 'back', 'crash'),
        async (count, more, remove, stopAt, then) => {
          const map = shardMap({ nodes: nodes(count), strategy: from(), runtime });
          const kept = store(map);
          const before = sample.map((key) => map.owner(key));
          const target = to?.();
          const plan = map.plan(
            {
              add: nodes(more, count),
              remove: remove ? ['n0'] : [],
              ...(target === undefined ? {} : { strategy: target }),
            },
            { slotsPerMove: 12, perNode: 2, keys: sample },
          );
          const check = (): void => {
            for (const key of sample) {
              // The owner has the data, and exactly one node's claim to write holds, or none's.
              expect(kept.at(map.owner(key)).has(key)).toBe(true);
              const writers = map.nodes.filter(
                ({ id }) => map.check({ key, node: id, epoch: map.epoch }).ok,
              );
              expect(writers.length).toBeLessThanOrEqual(1);
            }
          };
          const journal: JournalEntry<ShardMapSnapshot>[] = [];
          let left = stopAt;
          const watched = (of: MigrationHooks): MigrationHooks => {
            const wrapped: Record<string, unknown> = { ...of };
            for (const name of steps) {
              wrapped[name] = (move: Move, context: never) => {
                check();
                if (left-- === 0) throw new Error('stopped here');
                return of[name]?.(move, context);
              };
            }
            return wrapped;
          };
          const forth = watched(kept.hooks((move) => keysOf(plan, move, kept.at(move.from))));

          const failed = await map
            .apply(plan, { hooks: forth, journal: { append: (entry) => void journal.push(entry) } })
            .then(() => false)
            .catch(() => true);
          check();

          left = Infinity;
          if (then === 'crash') {
            const again = shardMap({ nodes: nodes(1), strategy: from() });
            const told = JSON.parse(JSON.stringify(replayed(journal))) as ShardMapSnapshot;
            again.adopt(told, target === undefined ? [] : [target]);
            expect(sample.map((key) => again.owner(key))).toEqual(
              sample.map((key) => map.owner(key)),
            );
            const rest = again.pending;
            if (rest !== undefined) {
              await again.apply(rest, {
                hooks: kept.hooks((move) => keysOf(rest, move, kept.at(move.from))),
              });
            }
            if (rest !== undefined) expectNothingTwice(kept.at, again);
          } else if (map.pending !== undefined && then === 'resume') {
            await map.apply(plan, { hooks: forth });
            check();
            expectNothingTwice(kept.at, map);
            expect(map.pending).toBeUndefined();
          } else if (failed === false || map.pending !== undefined) {
            const back = map.reverse(plan);
            await map.apply(back, {
              hooks: watched(kept.hooks((move) => keysOf(back, move, kept.at(move.from)))),
            });
            check();
            expectNothingTwice(kept.at, map);
            expect(sample.map((key) => map.owner(key))).toEqual(before);
          }
        },
      ),
      { numRuns: 12 },
    );
  });

  /** Every owner has its keys, and nobody keeps what it has given away. */
  function expectNothingTwice(at: (node: string) => Set<string>, map: ShardMap): void {
    for (const key of sample) {
      const holders = ['n0', 'n1', 'n2', 'n3', 'n4'].filter((node) => at(node).has(key));
      expect([key, holders]).toEqual([key, [map.owner(key)]]);
    }
  }

  function keysOf(plan: ReturnType<ShardMap['plan']>, move: Move, held: Set<string>): string[] {
    return [...held].filter((key) => plan.moveOf(key)?.id === move.id);
  }
});

function shares({ nodes: list }: ShardMapSnapshot): Map<string, number> {
  const total = list.reduce((sum, { weight = 1 }) => sum + weight, 0);
  return new Map(list.map(({ id, weight = 1 }) => [id, (256 * weight) / total]));
}

function countsOf(placement: ReturnType<Strategy['place']>): Map<string, number> {
  const counts = new Map(placement.nodes.map(({ id }) => [id, 0]));
  for (let slot = 0; slot < placement.slots; slot++) {
    const { id } = placement.table!.ownerAt(slot);
    counts.set(id, counts.get(id)! + 1);
  }
  return counts;
}
