/**
 * Numbered buckets, one a node, in the order of the list: jump hashing, and the plain remainder.
 */
import { optionChecks, xxh32, xxh64 } from '../core/index.ts';
import { jumpBackHash, jumpHash } from '../model/index.ts';
import { hashProbes, type KeyHash, type Placement } from './placement.ts';
import { type PlacementChange, refuseAssign, type Strategy } from './placement.ts';
import type { ShardMember } from './shard-node.ts';
import { nodeRanking } from './slot-table.ts';

/** Options of {@link jump}. */
export interface JumpOptions {
  /**
   * `jump` is the published one, which other languages share; `jump-back` is faster with many nodes.
   * @default 'jump'
   */
  readonly algorithm?: 'jump' | 'jump-back';
}

/**
 * Jump consistent hashing of xxh64: perfectly even without any table, for nodes that come and go at
 * the end of the list. A node removed elsewhere has its place taken by an added one, else by the last,
 * whose own keys then spread over all. No weights.
 */
export function jump(options: JumpOptions = {}): Strategy {
  const check = optionChecks('jump');
  check.known(options, ['algorithm']);
  const chosen = check.oneOf('algorithm', options.algorithm ?? 'jump', ['jump', 'jump-back']);
  const bucketOf = chosen === 'jump' ? jumpHash : jumpBackHash;
  const hash = { high: 0, low: 0 };
  return bucketStrategy({
    name: 'jump',
    bucketOf: (key, count) => bucketOf(xxh64(key, 0, hash), count),
    inPlace: true,
  });
}

/** Options of {@link modulo}. */
export interface ModuloOptions {
  /** Hashes keys to 32 bits. @default xxh32 */
  readonly hash?: KeyHash;
}

/**
 * `hash(key) % nodes`, which is what many have: nearly every key moves when the list changes. Here to
 * plan the way out of it: `map.plan({ strategy: slots() })`. No weights.
 */
export function modulo(options: ModuloOptions = {}): Strategy {
  const check = optionChecks('modulo');
  check.known(options, ['hash']);
  const hash = check.callable('hash', options.hash ?? xxh32);
  const bucketOf = (key: string, count: number): number => hash(key) % count;
  return bucketStrategy({ name: 'modulo', bucketOf, inPlace: false });
}

interface BucketKind {
  readonly name: string;
  bucketOf(key: string, count: number): number;
  /** Whether those that stay keep their numbers, and an added bucket moves keys only to itself. */
  readonly inPlace: boolean;
}

function bucketStrategy(kind: BucketKind): Strategy {
  return {
    name: kind.name,
    place: (nodes) => {
      const uneven = nodes.find(({ weight }) => weight !== 1);
      if (uneven !== undefined) {
        optionChecks(kind.name).refuse(
          `nodes['${uneven.id}'].weight`,
          '1: it knows no weights',
          uneven.weight,
        );
      }
      return new BucketPlacement(kind, nodes, kind.inPlace);
    },
  };
}

class BucketPlacement implements Placement {
  readonly minimal: boolean;
  readonly slots: number;
  readonly nodes: readonly ShardMember[];
  private readonly kind: BucketKind;
  private ranking: ((hash: number) => Iterable<ShardMember>) | undefined = undefined;

  constructor(kind: BucketKind, nodes: readonly ShardMember[], minimal: boolean) {
    this.kind = kind;
    this.nodes = nodes;
    this.slots = nodes.length;
    this.minimal = minimal;
  }

  slot(key: string): number {
    return this.kind.bucketOf(key, this.slots);
  }

  owner(key: string): ShardMember {
    return this.nodes[this.kind.bucketOf(key, this.slots)]!;
  }

  *rank(key: string): Iterable<ShardMember> {
    const owner = this.owner(key);
    yield owner;
    this.ranking ??= nodeRanking(this.nodes);
    for (const node of this.ranking(xxh32(key))) if (node !== owner) yield node;
  }

  changed(nodes: readonly ShardMember[], change: PlacementChange): Placement {
    refuseAssign(this.kind.name, change);
    if (!this.kind.inPlace) return new BucketPlacement(this.kind, nodes, false);
    const { ordered, exact } = inPlaceOf(this.nodes, nodes);
    return new BucketPlacement(this.kind, ordered, exact);
  }

  state(): undefined {
    return undefined;
  }

  probes(): readonly string[] {
    return hashProbes();
  }
}

/** The new nodes in an order that leaves those that stay in their places, as far as there is a place. */
function inPlaceOf(
  before: readonly ShardMember[],
  after: readonly ShardMember[],
): { readonly ordered: readonly ShardMember[]; readonly exact: boolean } {
  const byName = new Map(after.map((node) => [node.id, node]));
  const ordered: (ShardMember | undefined)[] = before.map(({ id }) => byName.get(id));
  const old = new Set(before.map(({ id }) => id));
  const added = after.filter(({ id }) => !old.has(id));
  for (let at = 0; at < ordered.length; at++) ordered[at] ??= added.shift();
  ordered.push(...added);
  while (ordered.length > 0 && ordered.at(-1) === undefined) ordered.pop();
  let exact = true;
  for (let hole = ordered.indexOf(undefined); hole >= 0; hole = ordered.indexOf(undefined)) {
    exact = false;
    ordered[hole] = ordered.pop();
    while (ordered.at(-1) === undefined) ordered.pop();
  }
  return { ordered: ordered as ShardMember[], exact };
}
