/**
 * The tables behind `consistentHash`: from a key's hash to an endpoint, past those that are no
 * candidates now. A table knows all endpoints, well or not, so that one that falls ill leaves its keys
 * to others and takes the same ones back, and nobody else's keys move.
 */

import type { Hash64 } from '../../core/index.ts';
import { xxh32 } from '../../core/index.ts';
import {
  hashRing,
  maglevPlace,
  maglevTable,
  maglevTurns,
  namedPoints,
  rendezvous,
  retryHash,
} from '../../model/index.ts';
import type { Candidates } from '../policy.ts';

/** An endpoint as a table knows it. */
export interface TableMember {
  readonly slot: number;
  readonly id: string;
  readonly weight: number;
}

export interface KeyTable {
  /** The slot of a hash, the first that is among the candidates; -1 when a bounded search finds none. */
  find(hash: Readonly<Hash64>, among: Candidates): number;
}

export type KeyTableKind = 'ring' | 'maglev' | 'rendezvous';

/** Builds a table; members in any order. */
export function keyTable(kind: KeyTableKind, members: readonly TableMember[]): KeyTable {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  if (kind === 'ring') return ringTable(sorted);
  return kind === 'maglev' ? maglev(sorted) : drawn(sorted);
}

const POINTS = 160;

/**
 * The weight that has `POINTS`: the mean, so that 100, 100 and 1, 1 make the same ring, but to the next
 * power of two, so that it hardly ever changes, and keys with it, when an endpoint comes or goes.
 */
function weightUnit(members: readonly TableMember[]): number {
  const mean = members.reduce((sum, { weight }) => sum + weight, 0) / members.length;
  return 2 ** Math.round(Math.log2(mean));
}

function ringTable(members: readonly TableMember[]): KeyTable {
  const unit = weightUnit(members);
  const counts = members.map(({ weight }) => Math.max(1, Math.round((weight / unit) * POINTS)));
  const ring = hashRing(
    namedPoints(
      members.map(({ id }) => id),
      counts,
    ),
  );
  return {
    find: ({ high, low }, among) => {
      let at = ring.find(high >>> 0, low >>> 0);
      for (let seen = 0; seen < ring.size; seen++) {
        const { slot } = members[ring.ownerAt(at)]!;
        if (among.has(slot)) return slot;
        at = at + 1 === ring.size ? 0 : at + 1;
      }
      return -1;
    },
  };
}

/** Primes; a table has a hundred places an endpoint or more. */
const SIZES = [65_537, 655_373, 2_097_143];

function maglev(members: readonly TableMember[]): KeyTable {
  const size = SIZES.find((one) => one >= 100 * members.length) ?? SIZES.at(-1)!;
  const turns = maglevTurns(
    members.map(({ id }) => id),
    size,
  );
  const table = maglevTable({ ...turns, weights: members.map(({ weight }) => weight), size });
  return {
    find: (hash, among) => {
      for (let attempt = 0; attempt < 8 * members.length; attempt++) {
        const { slot } = members[table[maglevPlace(retryHash(hash, attempt), size)]!]!;
        if (among.has(slot)) return slot;
      }
      return -1;
    },
  };
}

function drawn(members: readonly TableMember[]): KeyTable {
  const draws = rendezvous(
    members.map(({ id }) => xxh32(id)),
    members.map(({ weight }) => weight),
  );
  return {
    find: ({ low }, among) => {
      const best = members[draws.pick(low)]!.slot;
      if (among.has(best)) return best;
      for (const member of draws.rank(low)) {
        const { slot } = members[member]!;
        if (among.has(slot)) return slot;
      }
      return -1;
    },
  };
}
