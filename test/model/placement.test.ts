import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionError, xxh64 } from '../../src/core/index.ts';
import {
  allowedLoad,
  boundedPick,
  hashRing,
  hashShuffle,
  jumpBackHash,
  jumpHash,
  maglevPlace,
  maglevTable,
  maglevTurns,
  namedPoints,
  rendezvous,
  retryHash,
  sizedPoints,
} from '../../src/model/index.ts';
import bounded from '../vectors/shard-bounded-load.json' with { type: 'json' };
import jump from '../vectors/shard-jump.json' with { type: 'json' };
import maglev from '../vectors/shard-maglev.json' with { type: 'json' };
import properties from '../vectors/shard-properties.json' with { type: 'json' };
import ring from '../vectors/shard-ringhash.json' with { type: 'json' };
import { bucketCounts, gTest } from './g-test.ts';
import { bigOf, murmur2, wide } from './wide.ts';

const anyHash = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(wide);

describe('jump hash', () => {
  it.each(jump.rows)('gives the buckets of the reference code for key %s', (key, expected) => {
    const buckets = (expected as number[]).map((_, at) =>
      jumpHash(wide(BigInt(key as string)), at + 1),
    );

    expect(buckets).toEqual(expected);
  });

  it('gives the golden buckets of Guava', () => {
    const { expected, numBuckets } = jump.golden100;

    expect(expected.map((_, key) => jumpHash(wide(BigInt(key)), numBuckets))).toEqual(expected);
    for (const [key, count, bucket] of jump.singles) {
      expect(jumpHash(wide(BigInt(key!)), Number(count))).toBe(bucket);
    }
  });

  it.each([0, -1, 1.5, NaN])('refuses %s buckets', (count) => {
    expect(() => jumpHash(wide(1n), count)).toThrow(OptionError);
    expect(() => jumpBackHash(wide(1n), count)).toThrow(OptionError);
  });

  it('gives the buckets of JumpBackHash', () => {
    for (const [hash, count, bucket] of properties.jumpBackSplitMix64.vectors) {
      expect([hash, count, jumpBackHash(wide(BigInt(hash!)), Number(count))]).toEqual([
        hash,
        count,
        bucket,
      ]);
    }
  });

  it.each([
    ['jumpHash', jumpHash],
    ['jumpBackHash', jumpBackHash],
  ])('%s moves a key only to the bucket that was added', (_, bucketOf) => {
    fc.assert(
      fc.property(anyHash, fc.integer({ min: 1, max: 10_000 }), (hash, count) => {
        const before = bucketOf(hash, count);
        const after = bucketOf(hash, count + 1);

        expect(bucketOf(hash, 1)).toBe(0);
        expect([before, count]).toContain(after);
      }),
    );
  });

  it.each(properties.largeN)('JumpBackHash jumps back consistently at %i buckets', (count) => {
    fc.assert(
      fc.property(anyHash, (hash) => {
        const bucket = jumpBackHash(hash, count);

        expect(jumpBackHash(hash, bucket + 1)).toBe(bucket);
        if (bucket > 0) expect(jumpBackHash(hash, bucket)).toBeLessThan(bucket);
      }),
    );
  });

  it.each([
    ['jumpHash', jumpHash],
    ['jumpBackHash', jumpBackHash],
  ])(
    '%s is as even as chance, by a G-test for every number of buckets',
    (_, bucketOf) => {
      expect(properties.uniformity).toBe('1e6 hashes, n=1..200: G-test p > 1-(1-0.01)^(1/200)');
      const amount = 1_000_000;
      const counts = bucketCounts(bucketOf, amount, 200);

      for (let buckets = 2; buckets <= 200; buckets++) {
        const p = gTest(counts[buckets]!, amount / buckets);
        expect([buckets, p > 1 - (1 - 0.01) ** (1 / 200)]).toEqual([buckets, true]);
      }
    },
    60_000,
  );

  it('knows an uneven count when it sees one', () => {
    const even = Array.from({ length: 10 }, () => 1_000);

    expect(gTest(even, 1_000)).toBeCloseTo(1);
    // χ² with 9 degrees of freedom is 21.67 at p = 0.01; G of this count is 21.3.
    expect(gTest([1_142, ...Array.from({ length: 9 }, () => 984.222)], 1_000)).toBeCloseTo(
      0.011,
      2,
    );
    expect(gTest([1_300, ...Array.from({ length: 9 }, () => 966.667)], 1_000)).toBeLessThan(1e-9);
  });
});

describe('the Maglev table', () => {
  const { cases, retry } = maglev.envoy;

  it.each(maglev.populate_hash_independent)('is filled as in $name', (row) => {
    const size = row.M;
    const offsets = row.permutations.map((places) => places[0]!);
    const skips = row.permutations.map((places) => (places[1]! - places[0]! + size) % size);

    expect([...maglevTable({ offsets, skips, size })]).toEqual(row.expected);
    for (const { remove, expected } of row.dead) {
      const weights = offsets.map((_, host) => (remove.includes(host) ? 0 : 1));
      expect([...maglevTable({ offsets, skips, weights, size })]).toEqual(expected);
    }
  });

  it.each(cases)('is the one of Envoy: $name', ({ hosts, tableSize, weights, expected }) => {
    const table = maglevTable({
      ...maglevTurns(hosts, tableSize),
      size: tableSize,
      ...(weights === undefined ? {} : { weights }),
    });

    expect([...table]).toEqual(expected);
  });

  it('looks again under the hashes of Envoy', () => {
    const table = maglevTable({ ...maglevTurns(retry.hosts, 7), size: 7 });
    const hostAt = (attempt: number): number =>
      table[maglevPlace(retryHash(wide(BigInt(retry.hash)), attempt), 7)]!;

    const found = [0, 1, 2].map(hostAt);

    expect(found[0]).toBe(retry.first);
    expect(found.find((host) => host !== 1)).toBe(retry.rejectHost1_attempts2);
    expect(found[2]).toBe(retry.rejectAll_attempts2_last);
  });

  it('refuses a size that is no prime, and a table for nobody', () => {
    expect(() => maglevTable({ offsets: [0], skips: [1], size: 8 })).toThrow(OptionError);
    expect(() => maglevTable({ offsets: [], skips: [], size: 7 })).toThrow(OptionError);
    expect([...maglevTable({ offsets: [3], skips: [2], size: 7 })]).toEqual(Array(7).fill(0));
  });

  it('is as even as the paper says', () => {
    const { M: size, expectPeakToMeanBelow } = maglev.distribution;
    const names = Array.from({ length: 125 }, (_, at) => `backend-${at}`).sort();
    const counts = new Uint32Array(125);
    const table = maglevTable({ ...maglevTurns(names, size), size });
    for (let key = 0; key < 100_000; key++) counts[table[maglevPlace(xxh64(`k${key}`), size)]!]!++;

    expect(Math.max(...counts) / 800).toBeLessThan(expectPeakToMeanBelow);
    expect(Math.max(...shares(table)) / (size / 125)).toBeLessThan(1.01);
  });

  it('places any hash by its exact remainder', () => {
    fc.assert(
      fc.property(anyHash, fc.integer({ min: 2, max: 2 ** 21 }), (hash, size) => {
        expect(maglevPlace(hash, size)).toBe(Number(bigOf(hash) % BigInt(size)));
      }),
    );
  });
});

describe('the hash ring', () => {
  const basic = ring.envoy[0]!;
  const ringOf = (hosts: readonly string[], minSize: number): ReturnType<typeof hashRing> =>
    hashRing(
      namedPoints(
        hosts,
        sizedPoints(
          hosts.map(() => 1),
          { minSize, maxSize: 1024 },
        ),
      ),
    );

  it.each([
    [basic, 12],
    [ring.envoy[1]!, 3],
  ])('has the points of Envoy', (row, minSize) => {
    const built = ringOf(row.hosts, minSize);
    const points = Array.from({ length: built.size }, (_, at) => {
      const point = built.pointAt(at);
      return [String(bigOf(point)), point.owner];
    });

    expect(points).toEqual(row.ring);
  });

  it('has the points of Envoy under murmur2 too', () => {
    const { hosts, ring: expected, seed } = ring.envoyMurmur2;
    const points = namedPoints(hosts, Array(6).fill(2) as number[], (text) =>
      wide(murmur2(text, BigInt(seed.split(' ')[0]!))),
    );
    const built = hashRing(points);

    expect(expected).toEqual(
      expected.map((_, at) => [String(bigOf(built.pointAt(at))), built.ownerAt(at)]),
    );
  });

  it('finds the first point at or after a hash, and wraps', () => {
    const built = ringOf(basic.hosts, 12);
    for (const [hash, owner] of basic.choose ?? []) {
      const { high, low } = wide(BigInt(hash!));
      expect(built.ownerAt(built.find(high, low))).toBe(owner);
    }
  });

  it('offers the next positions to those who ask again', () => {
    const row = ring.envoy[2]!;
    const built = ringOf(row.hosts, 12);
    const ownerOf = (attempt: number): number =>
      built.ownerAt((built.find(0, 0) + attempt) % built.size);

    expect(ownerOf(0)).toBe(row.first);
    expect(ownerOf(1)).toBe(row.reject4_then);
    expect(ownerOf(2)).toBe(row.rejectAll_retry2_last);
    expect(ownerOf(13)).toBe(row.rejectAll_retry13_last);
  });

  it('finds what a search through all points finds', () => {
    const low = fc.integer({ min: 0, max: 3 });
    const points = fc.array(fc.record({ high: fc.nat(2 ** 32 - 1), low, owner: fc.nat(9) }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(points, fc.nat(2 ** 32 - 1), low, fc.boolean(), (all, any, lower, hit) => {
        const built = hashRing(all);
        const high = hit ? all[0]!.high : any;
        const sorted = all.map(bigOf).sort((a, b) => (a < b ? -1 : 1));
        const first = sorted.findIndex((point) => point >= bigOf({ high, low: lower }));

        expect(bigOf(built.pointAt(built.find(high, lower)))).toBe(sorted[Math.max(0, first)]);
      }),
    );
  });

  it('is as large as gRPC makes it', () => {
    for (const minSize of [3, 4, 6, 8]) {
      for (const maxSize of [20, 8]) {
        const weights = [1, 3, 4];
        const counts = sizedPoints(weights, { minSize, maxSize });
        const size = counts.reduce((sum, count) => sum + count, 0);

        expect(size).toBeGreaterThanOrEqual(minSize);
        expect(size).toBeLessThanOrEqual(maxSize);
        counts.forEach((count, at) =>
          expect(Math.abs(count / size - weights[at]! / 8)).toBeLessThan(0.25),
        );
      }
    }
    expect(() => sizedPoints([1], { minSize: 9, maxSize: 8 })).toThrow(OptionError);
  });

  it('never gives two names the same point by running name and index together', () => {
    const [first, second] = bounded.buraksezer.replicaKey as [[string, number], [string, number]];
    const points = namedPoints([first[0], second[0]], [11, 11]);

    expect(new Set(points.map(bigOf)).size).toBe(22);
  });
});

describe('bounded loads', () => {
  const { shuffles, cases } = bounded.envoy;

  it('shuffles hosts as Envoy does', () => {
    for (const [hash, order] of Object.entries(shuffles['5 hosts'])) {
      const next = hashShuffle(5, Number(hash));
      expect(order.map(next)).toEqual(order);
      expect(next()).toBe(-1);
    }
  });

  it.each(cases)('picks as Envoy: $hosts hosts, hash $hash, full $overloaded', (row) => {
    const full = row.overloaded as Record<string, number | undefined>;
    const first =
      row.ring === undefined ? row.hash % row.hosts : row.ring[row.hash % row.ring.length]!;

    const picked = boundedPick({
      first,
      hash: row.hash,
      hosts: row.hosts,
      fullness: (host) => full[host] ?? 0,
    });

    expect(picked).toBe(row.pick);
  });

  it('keeps every host within the bound, even for one key asked a hundred times', () => {
    const { hosts, sameKeyIncs } = bounded.getLeastInvariant;
    const active = Array<number>(hosts).fill(0);
    for (let total = 0; total < sameKeyIncs; total++) {
      const allowed = allowedLoad(total, 1.25, 1 / hosts);
      const fullness = (host: number): number => (active[host]! + 1) / allowed;
      active[boundedPick({ first: 0, hash: 7, hosts, fullness })]!++;

      expect(Math.max(...active)).toBeLessThanOrEqual(Math.ceil(((total + 1) / hosts) * 1.25));
    }
  });
});

describe('rendezvous', () => {
  const node = fc.record({ seed: fc.nat(2 ** 32 - 1), weight: fc.constantFrom(0.5, 1, 1, 3) });
  const nodes = fc.uniqueArray(node, { minLength: 1, maxLength: 20, selector: ({ seed }) => seed });
  const made = (all: readonly { seed: number; weight: number }[]): ReturnType<typeof rendezvous> =>
    rendezvous(
      all.map(({ seed }) => seed),
      all.map(({ weight }) => weight),
    );

  it('picks the first of the ranking', () => {
    fc.assert(
      fc.property(nodes, fc.nat(2 ** 32 - 1), (all, hash) => {
        const drawn = made(all);

        const ranking = [...drawn.rank(hash)];

        expect(ranking[0]).toBe(drawn.pick(hash));
        expect(ranking.sort((a, b) => a - b)).toEqual(all.map((_, at) => at));
      }),
    );
  });

  it('leaves the ranking of the others alone when a node goes', () => {
    fc.assert(
      fc.property(nodes, fc.nat(2 ** 32 - 1), (all, hash) => {
        const last = all.length - 1;
        const without = [...made(all.slice(0, last)).rank(hash)];

        expect([...made(all).rank(hash)].filter((at) => at !== last)).toEqual(without);
      }),
    );
  });

  it('gives each its share by weight', () => {
    const weights = [1, 2, 3, 4];
    const drawn = rendezvous([11, 22, 33, 44], weights);
    const counts = new Uint32Array(4);
    for (let key = 0; key < 100_000; key++) counts[drawn.pick(xxh64(`k${key}`).low)]!++;

    weights.forEach((weight, at) => expect(counts[at]! / 100_000).toBeCloseTo(weight / 10, 2));
  });

  it('has no winner among nobody', () => {
    expect(rendezvous([], []).pick(5)).toBe(-1);
  });
});

function shares(table: Uint32Array): number[] {
  const counts = new Map<number, number>();
  for (const host of table) counts.set(host, (counts.get(host) ?? 0) + 1);
  return [...counts.values()];
}
