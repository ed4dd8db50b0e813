/**
 * A movement plan: what a change of nodes would move, before anything moves.
 */
import { optionChecks } from '../core/index.ts';
import { growth, loadsBetween, type Move, moveIndex } from './movement.ts';
import { movesBetween, peaksBetween } from './movement.ts';
import { movementFacts, type MovementWeights, sameSlots } from './movement-facts.ts';
import type { Placement, Strategy } from './placement.ts';

/** A placement and the strategy that made it. */
export interface PlacementSide {
  readonly strategy: Strategy;
  readonly placement: Placement;
}

/** A dry run of a change. `map.apply` carries it out. */
export interface MovementPlan {
  /** The epoch of the map it was made for; a map that has moved on refuses it. */
  readonly epoch: number;
  /** In the order in which they start: nodes that go first, then the fullest. */
  readonly moves: readonly Move[];
  /** Part of the keys that moves, 0–1. */
  readonly movedRatio: number;
  /** Part that moves between two nodes of which neither came, went, grew nor shrank, 0–1. */
  readonly collateralRatio: number;
  /** True when the shares are counted slot by slot, false when estimated from a sample of keys. */
  readonly exact: boolean;
  /** Bytes that move, from `bytesOf` or `totalBytes`; undefined when unknown. */
  readonly bytes: number | undefined;
  /** Greatest load of a node over what its weight entitles it to, before and after. 1 is even. */
  readonly peakBefore: number;
  readonly peakAfter: number;
  /** Rounds needed if every move takes as long as every other. */
  readonly rounds: number;
  /** Moves that a node takes part in at a time. */
  readonly perNode: number;
  /** Slots that will be beyond their node's bound; see `boundedRing`. */
  readonly spilled: number;
  readonly before: PlacementSide;
  readonly after: PlacementSide;
  /** The move a key belongs to; undefined when it stays. */
  moveOf(key: string): Move | undefined;
}

/** What a plan may know and how it may go about it. */
export interface PlanOptions extends MovementWeights {
  /** Moves that a node takes part in at a time, giving or getting; 1 or more. @default 1 */
  readonly perNode?: number;
}

/** How a map looks keys up, and how it came by the placement that a plan leads to. */
export interface PlanContext {
  /** The part of a key that is placed. */
  readonly keyOf: (key: string) => string;
  /** Whether the later placement was derived from the earlier one, whose promises then hold. */
  readonly derived: boolean;
}

/**
 * Plans the way from one placement to another.
 *
 * @throws OptionError for an option out of range
 */
export function movementPlan(
  epoch: number,
  before: PlacementSide,
  after: PlacementSide,
  options: PlanOptions & PlanContext,
): MovementPlan {
  const { keyOf, derived, perNode = 1 } = options;
  const sides = [before.placement, after.placement] as const;
  const staying = new Set(after.placement.nodes.map(({ id }) => id));
  const facts = movementFacts(...sides, options, keyOf);
  const [loads] = loadsBetween(...sides, facts);
  const moves = [...movesBetween(...sides, facts, derived)]
    .sort(
      (a, b) =>
        Number(staying.has(a.from)) - Number(staying.has(b.from)) ||
        loads.get(b.from)! - loads.get(a.from)!,
    )
    .map((move, id) => ({ ...move, id }));
  const [peakBefore, peakAfter] = peaksBetween(...sides, facts);
  return planOf({ epoch, before, after, moves, perNode, peakBefore, peakAfter }, keyOf);
}

/** What a plan cannot work out from the rest. */
export type KnownMovement = Pick<
  MovementPlan,
  'epoch' | 'before' | 'after' | 'moves' | 'perNode' | 'peakBefore' | 'peakAfter'
>;

/** A plan of moves that are known. */
export function planOf(known: KnownMovement, keyOf: (key: string) => string): MovementPlan {
  const { before, after, moves } = known;
  const sides = [before.placement, after.placement] as const;
  const { grew, shrank } = growth(before.placement.nodes, after.placement.nodes);
  const collateral = moves.filter(({ from, to }) => !shrank.has(from) && !grew.has(to));
  const isMeasured = moves.every(({ bytes }) => bytes !== undefined);
  const perNode = optionChecks('shardMap.plan').count('perNode', known.perNode);
  let indexOf: ((key: string) => number) | undefined;
  return {
    ...known,
    movedRatio: shareOf(moves),
    collateralRatio: shareOf(collateral),
    exact: sameSlots(...sides),
    bytes: isMeasured ? moves.reduce((sum, { bytes }) => sum + bytes!, 0) : undefined,
    rounds: roundsOf(moves, perNode),
    spilled: after.placement.spilled ?? 0,
    moveOf: (key) => {
      indexOf ??= moveIndex(...sides, moves);
      return moves[indexOf(keyOf(key))];
    },
  };
}

/** The way back: every move the other way round. Its moves keep their ids. */
export function reversedPlan(plan: MovementPlan, epoch: number): MovementPlan {
  const moves = plan.moves.map((move) => ({ ...move, from: move.to, to: move.from }));
  return {
    ...plan,
    ...{ epoch, moves },
    peakBefore: plan.peakAfter,
    peakAfter: plan.peakBefore,
    spilled: plan.before.placement.spilled ?? 0,
    before: plan.after,
    after: plan.before,
    moveOf: (key) => moves[plan.moveOf(key)?.id ?? -1],
  };
}

/** Whether `a` leads back where `b` came from. */
export function isReverse(a: MovementPlan, b: MovementPlan): boolean {
  return (
    a.before.placement === b.after.placement &&
    a.after.placement === b.before.placement &&
    a.moves.length === b.moves.length
  );
}

/** Each move in the first round in which both its nodes have room: the order in which they start. */
function roundsOf(moves: readonly Move[], perNode: number): number {
  const nodes = new Map<string, { readonly taken: number[]; open: number }>();
  const of = (id: string): { readonly taken: number[]; open: number } => {
    let node = nodes.get(id);
    if (node === undefined) nodes.set(id, (node = { taken: [], open: 0 }));
    return node;
  };
  let rounds = 0;
  for (const { from, to } of moves) {
    const both = [of(from), of(to)];
    let round = Math.max(...both.map(({ open }) => open));
    while (both.some(({ taken }) => (taken[round] ?? 0) >= perNode)) round++;
    for (const node of both) {
      node.taken[round] = (node.taken[round] ?? 0) + 1;
      while ((node.taken[node.open] ?? 0) >= perNode) node.open++;
    }
    rounds = Math.max(rounds, round + 1);
  }
  return rounds;
}

function shareOf(moves: readonly Move[]): number {
  return moves.reduce((sum, { share }) => sum + share, 0);
}
