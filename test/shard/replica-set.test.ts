import { describe, expect, it } from 'vitest';
import { OptionError } from '../../src/core/index.ts';
import { type ReplicaSet, replicaSet, type ReplicaSetOptions } from '../../src/shard/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

function set(options: Partial<ReplicaSetOptions> = {}) {
  const runtime = virtualRuntime();
  const replicas = [{ id: 'r1' }, { id: 'r2' }, { id: 'reports', purposes: ['reports'] }];
  const db = replicaSet({ primary: 'p', replicas, runtime, ...options });
  return { runtime, db };
}

const whoReads = (db: ReplicaSet, ...rest: Parameters<ReplicaSet['tryAcquireRead']>): unknown => {
  using lease = db.tryAcquireRead(...rest);
  return lease?.resource;
};

describe('replicaSet', () => {
  it('reads from the primary until a replica has reported', () => {
    const { db } = set();

    expect(whoReads(db)).toBe('p');
    db.report('r2', { lagMs: 10 });
    expect(whoReads(db)).toBe('r2');
  });

  it('gives each read to the replica with the fewest reads for its weight', () => {
    const { db } = set({ replicas: [{ id: 'r1' }, { id: 'r2', weight: 3 }] });
    db.report('r1', { lagMs: 0 });
    db.report('r2', { lagMs: 0 });

    const leases = Array.from({ length: 8 }, () => db.tryAcquireRead()!);

    expect(db.snapshot().replicas.map(({ reading }) => reading)).toEqual([2, 6]);
    for (const lease of [...leases, ...leases]) lease.release();
    expect(db.snapshot().replicas.map(({ reading }) => reading)).toEqual([0, 0]);
  });

  it('leaves out who lags too far, and who has not reported for long', async () => {
    const { db, runtime } = set({ maxLagMs: 100, reportTtlMs: 1_000 });
    db.report('r1', { lagMs: 101 });
    db.report('r2', { lagMs: 100 });

    expect(whoReads(db)).toBe('r2');
    expect(whoReads(db, {}, { maxLagMs: 50 })).toBe('p');
    expect(whoReads(db, {}, { maxLagMs: 0 })).toBe('p');
    await runtime.advance(1_001);
    expect(whoReads(db)).toBe('p');
  });

  it('keeps a replica for its purpose and the purpose for its replica', () => {
    const { db } = set();
    for (const id of ['r1', 'r2', 'reports']) db.report(id, { lagMs: 0 });

    expect(whoReads(db, { kind: 'reports' })).toBe('reports');
    const others = Array.from({ length: 6 }, () => whoReads(db, { kind: 'agents' }));
    expect(new Set(others)).toEqual(new Set(['r1', 'r2']));
  });

  it('lets a session read what it has written, by position', async () => {
    const { db } = set({ positionOf: (result) => result as bigint });
    db.report('r1', { lagMs: 5, position: 100n });
    db.report('r2', { lagMs: 5, position: 120n });
    const call = { session: 's' };

    await db.write((_, node) => (expect(node).toBe('p'), 110n), call);

    expect(Array.from({ length: 3 }, () => whoReads(db, call))).toEqual(['r2', 'r2', 'r2']);
    expect(whoReads(db, call, { minPosition: 121n })).toBe('p');
    // A lower one asked for does not make the session forget what it wrote.
    expect(whoReads(db, call, { minPosition: 1n })).toBe('r2');
    // It has read position 120 by now, and never goes back to 115.
    db.report('r1', { lagMs: 5, position: 115n });
    db.report('r2', { lagMs: 9_999, position: 130n });
    expect(whoReads(db, call)).toBe('p');
  });

  it('reads from the primary for a while after a write without a position', async () => {
    const { db, runtime } = set({ stickMs: 500 });
    db.report('r1', { lagMs: 5 });
    const call = { session: 's' };

    await db.write(() => 'done', call);

    expect(whoReads(db, call)).toBe('p');
    expect(whoReads(db, { session: 'other' })).toBe('r1');
    await runtime.advance(500);
    expect(whoReads(db, call)).toBe('r1');
  });

  it('counts a write that failed as one that may have been committed', async () => {
    const { db } = set();
    db.report('r1', { lagMs: 5 });

    await expect(
      db.write(() => Promise.reject(new Error('lost')), { session: 's' }),
    ).rejects.toThrow();

    expect(whoReads(db, { session: 's' })).toBe('p');
  });

  it('stays with one replica for a session, and forgets the longest unused one', () => {
    const { db } = set({ sessions: 1 });
    db.report('r1', { lagMs: 0 });
    db.report('r2', { lagMs: 0 });

    const first = whoReads(db, { session: 's' });
    expect(Array.from({ length: 4 }, () => whoReads(db, { session: 's' }))).toEqual(
      Array(4).fill(first),
    );
    const seen = [1, 2].flatMap((n) => [
      whoReads(db, { session: `t${n}` }),
      whoReads(db, { session: 's' }),
    ]);
    expect(new Set(seen).size).toBe(2);
  });

  it('refuses a read nobody is fit for when the primary takes none', async () => {
    const { db } = set({ primaryReads: false });

    expect(db.tryAcquireRead()).toBeUndefined();
    await expect(db.read(() => 1)).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
    db.report('r1', { lagMs: 0 });
    await expect(db.read(({ attempt }, node) => node + attempt)).resolves.toBe('r11');
  });

  it.each([
    { primary: '' },
    { replicas: [{ id: 'p' }] },
    { replicas: [{ id: 'a' }, { id: 'a' }] },
    { replicas: [{ id: 'a', weight: 0 }] },
    { replicas: [{ id: 'a', purposes: 'reports' as never }] },
    { replicas: 'a' as never },
    { maxLagMs: 0 },
    { sessions: 0 },
  ])('refuses %j', (options) => {
    expect(() => set(options)).toThrow(OptionError);
  });

  it('refuses a report of nobody or of a lag below 0', () => {
    const { db } = set();

    expect(() => db.report('p', { lagMs: 0 })).toThrow(OptionError);
    expect(() => db.report('r1', { lagMs: -1 })).toThrow(OptionError);
    expect(() => db.report('r1', { lagMs: 1, position: '0/16B3740' as never })).toThrow(
      OptionError,
    );
    expect(() => db.wrote('s', NaN)).toThrow(OptionError);
    expect(db.snapshot().replicas[0]).toMatchObject({ lagMs: undefined, position: undefined });
  });
});
