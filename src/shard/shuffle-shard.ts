/**
 * Shuffle sharding: each tenant gets a few nodes of its own choosing by hash, so that one tenant's
 * poison reaches only those who share all of its nodes: with 4 of 16, one in 1,820.
 *
 * Source: AWS, "Workload isolation using shuffle-sharding" (C. MacCárthaigh). By rendezvous rather than
 * by numbered decks, so that a change of nodes changes at most one node of a tenant's few.
 */
import { optionChecks, xxh32 } from '../core/index.ts';
import { pickDistinct, pickFirst } from './replica-choice.ts';
import { members, type ShardNode } from './shard-node.ts';
import { nodeRanking } from './slot-table.ts';

/** Options of {@link shuffleShards}. */
export interface ShuffleShardOptions {
  readonly nodes: readonly ShardNode[];
  /** Nodes for each tenant; 1 to the number of nodes. */
  readonly size: number;
  /** A node of every zone before a second of any. @default not */
  readonly distinct?: 'zone';
}

/**
 * Returns a function from a tenant to the ids of its nodes, the same in every process.
 *
 * ```ts
 * import { shuffleShards } from 'tenfold/shard';
 *
 * const nodes = Array.from({ length: 16 }, (_, at) => ({ id: `worker-${at}` }));
 * const shardOf = shuffleShards({ nodes, size: 4 });
 * console.log(shardOf('tenant 7'));
 * ```
 *
 * @throws OptionError for an option out of range
 */
export function shuffleShards(options: ShuffleShardOptions): (tenant: string) => string[] {
  const check = optionChecks('shuffleShards');
  check.known(options, ['nodes', 'size', 'distinct']);
  const list = members(options.nodes);
  const size = check.number('size', options.size, { min: 1, max: list.length, integer: true });
  if (options.distinct !== undefined) check.oneOf('distinct', options.distinct, ['zone']);
  const pick = options.distinct === 'zone' ? pickDistinct : pickFirst;
  const ranking = nodeRanking(list);
  return (tenant) => {
    if (typeof tenant !== 'string') return check.refuse('tenant', 'a string', tenant);
    return pick(ranking(xxh32(tenant)), size).map(({ id }) => id);
  };
}
