/**
 * Ranges of keys in order, each with one owner: what scans and time series want. Boundaries are moved
 * by hand (`plan({ assign: [{ from, node }] })`); a range whose node goes falls to the one before it.
 */
import { optionChecks, xxh32 } from '../core/index.ts';
import type { Assignment, Placement, PlacementChange, Strategy } from './placement.ts';
import type { ShardMember } from './shard-node.ts';
import { nodeRanking } from './slot-table.ts';

/** A boundary: keys from `from` on, up to the next boundary, belong to `node`. */
export interface RangeStart {
  readonly from: string;
  readonly node: string;
}

/**
 * Places keys by ranges. Keys compare by UTF-16 code units, as JavaScript's `<` does; pad numbers.
 *
 * @param starts ascending, the first from `''`, so that every key has an owner
 * @throws OptionError for boundaries out of order or unknown nodes, at `place`
 */
export function ranges(starts: readonly RangeStart[]): Strategy {
  return {
    name: 'ranges',
    place: (nodes, state) => {
      const restored = (state as { readonly starts?: readonly RangeStart[] } | undefined)?.starts;
      return new RangeMap(nodes, restored ?? starts);
    },
  };
}

class RangeMap implements Placement {
  readonly probesCover = true;
  readonly slots: number;
  readonly nodes: readonly ShardMember[];
  private readonly starts: readonly RangeStart[];
  private readonly owners: readonly ShardMember[];
  private ranking: ((hash: number) => Iterable<ShardMember>) | undefined = undefined;

  constructor(nodes: readonly ShardMember[], starts: readonly RangeStart[]) {
    const check = optionChecks('ranges');
    const given: unknown = starts;
    if (!Array.isArray(given) || starts[0]?.from !== '') {
      check.refuse('starts', "boundaries that begin at ''", starts);
    }
    this.nodes = nodes;
    this.starts = starts;
    this.slots = starts.length;
    this.owners = starts.map(({ from, node }, at) => {
      if (at > 0 && !(from > starts[at - 1]!.from)) {
        check.refuse(`starts[${at}].from`, 'greater than the one before', from);
      }
      const owner = nodes.find(({ id }) => id === node);
      return owner ?? check.refuse(`starts[${at}].node`, 'the id of a node', node);
    });
  }

  slot(key: string): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.starts[middle]!.from <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  owner(key: string): ShardMember {
    return this.owners[this.slot(key)]!;
  }

  *rank(key: string): Iterable<ShardMember> {
    const slot = this.slot(key);
    const owner = this.owners[slot]!;
    yield owner;
    this.ranking ??= nodeRanking(this.nodes);
    // By where the range begins, not by its number: a split leaves the replicas of the others alone.
    const hash = xxh32(this.starts[slot]!.from);
    for (const node of this.ranking(hash)) if (node !== owner) yield node;
  }

  changed(nodes: readonly ShardMember[], { assign = [] }: PlacementChange): Placement {
    const staying = new Set(nodes.map(({ id }) => id));
    const starts = new Map(this.starts.map(({ from, node }) => [from, node]));
    for (const entry of assign) starts.set(boundaryOf(entry), entry.node);
    const sorted = [...starts].sort(([a], [b]) => (a < b ? -1 : 1));
    const heir = sorted.find(([, node]) => staying.has(node))?.[1];
    const check = optionChecks('ranges');
    if (heir === undefined) return check.refuse('nodes', 'one that owns a range, or assign', nodes);
    const merged: RangeStart[] = [];
    for (const [from, node] of sorted) {
      const owner = staying.has(node) ? node : (merged.at(-1)?.node ?? heir);
      if (merged.at(-1)?.node !== owner) merged.push({ from, node: owner });
    }
    return new RangeMap(nodes, merged);
  }

  state(): unknown {
    return { starts: this.starts };
  }

  probes(): readonly string[] {
    return this.starts.map(({ from }) => from);
  }
}

function boundaryOf(entry: Assignment): string {
  if ('from' in entry) return entry.from;
  return optionChecks('shardMap.plan').refuse('assign', 'of the form { from, node }', entry);
}
