/**
 * The nodes data is given to, and how their list changes.
 */
import { optionChecks } from '../core/index.ts';

/** A node as its owner describes it. */
export interface ShardNode {
  /** Its name, unique and not empty. It decides what the node owns, so it outlives restarts. */
  readonly id: string;
  /** Its share of the data relative to the others, above 0. @default 1 */
  readonly weight?: number;
  /** Zone or rack, for `owners(key, n, { distinct: 'zone' })`. @default ''  */
  readonly zone?: string;
  /** Partitions a node serves; read by the `directory` strategy only. @default none */
  readonly serves?: readonly string[];
}

/** A node with every field filled in. */
export type ShardMember = Required<ShardNode>;

/** How a list of nodes changes. */
export interface NodeChange {
  readonly add?: readonly ShardNode[];
  /** Ids of nodes that go. */
  readonly remove?: readonly string[];
  /** New weights by id, above 0. */
  readonly reweight?: Readonly<Record<string, number>>;
}

/**
 * Checks a list of nodes and fills it in.
 *
 * @throws OptionError for no node at all, an empty or repeated id, a weight that is not above 0
 */
export function members(nodes: readonly ShardNode[]): readonly ShardMember[] {
  const check = optionChecks('shardMap');
  if (!Array.isArray(nodes) || nodes.length === 0) check.refuse('nodes', 'one node or more', nodes);
  const seen = new Set<string>();
  return nodes.map((node, at) => {
    const path = `nodes[${at}]`;
    if (typeof node !== 'object' || node === null) check.refuse(path, 'a node with an id', node);
    check.text(`${path}.id`, node.id);
    if (seen.has(node.id)) check.refuse(`${path}.id`, 'unique', node.id);
    seen.add(node.id);
    const { serves = [] } = node;
    if (!Array.isArray(serves)) check.refuse(`${path}.serves`, 'a list of partitions', serves);
    return {
      id: node.id,
      weight: check.positive(`${path}.weight`, node.weight ?? 1),
      zone: node.zone ?? '',
      serves,
    };
  });
}

/**
 * The list after a change; those that stay keep their order, those that come follow.
 *
 * @throws OptionError for an unknown id, a bad weight, or when nobody would be left
 */
export function changedMembers(
  before: readonly ShardMember[],
  { add = [], remove = [], reweight = {} }: NodeChange,
): readonly ShardMember[] {
  const check = optionChecks('shardMap.plan');
  if (!Array.isArray(add)) check.refuse('add', 'a list of nodes', add);
  if (!Array.isArray(remove)) check.refuse('remove', 'a list of ids', remove);
  const known = new Set(before.map(({ id }) => id));
  // As a map: an id may be 'valueOf', which every object knows.
  const weights = new Map(Object.entries(reweight));
  for (const id of [...remove, ...weights.keys()]) {
    if (!known.has(id)) check.refuse('remove or reweight', 'ids of nodes of the map', id);
  }
  const staying = before.filter(({ id }) => !remove.includes(id));
  if (staying.length + add.length === 0) {
    check.refuse('remove', 'fewer than all nodes: somebody must own the keys', remove);
  }
  const weighed = staying.map((node) => ({ ...node, weight: weights.get(node.id) ?? node.weight }));
  return members([...weighed, ...add]);
}

/** Members in order of their ids, so that every process builds the same tables. */
export function byId(nodes: readonly ShardMember[]): readonly ShardMember[] {
  return [...nodes].sort((a, b) => (a.id < b.id ? -1 : 1));
}
