/**
 * A movement plan: what a change of nodes would move, before anything moves.
 */
import { optionChecks } from '../core/index.ts';
import { growth, loadsBetween, type Move, moveIndex, movesBetween } from './movement.ts';
import { type MovementWeights, sameSlots } from './movement.ts';
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
  /** Bytes that move; undefined when unknown. */
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

/** Plans the way from one placement to another. */
export function movementPlan(
  epoch: number,
  before: PlacementSide,
  after: PlacementSide,
  options: PlanOptions & { readonly derived: boolean },
): MovementPlan {
  const sides = [before.placement, after.placement] as const;
  const staying = new Set(after.placement.nodes.map(({ id }) => id));
  const loads = loadsBetween(...sides, options);
  const moves = [...movesBetween(...sides, options)]
    .sort(
      (a, b) =>
        Number(staying.has(a.from)) - Number(staying.has(b.from)) ||
        loads[0].get(b.from)! - loads[0].get(a.from)!,
    )
    .map((move, id) => ({ ...move, id }));
  return planOf({ epoch, before, after, moves, loads }, options);
}

interface KnownMovement extends Pick<MovementPlan, 'epoch' | 'before' | 'after' | 'moves'> {
  readonly loads?: ReturnType<typeof loadsBetween>;
}

/** A plan of moves that are known. */
export function planOf(
  { epoch, before, after, moves, loads }: KnownMovement,
  options: PlanOptions,
): MovementPlan {
  const sides = [before.placement, after.placement] as const;
  const [loadsBefore, loadsAfter] = loads ?? loadsBetween(...sides, options);
  const { grew, shrank } = growth(before.placement.nodes, after.placement.nodes);
  const collateral = moves.filter(({ from, to }) => !shrank.has(from) && !grew.has(to));
  const known = moves.every(({ bytes }) => bytes !== undefined);
  const perNode = optionChecks('shardMap.plan').count('perNode', options.perNode ?? 1);
  return withMoveOf({
    epoch,
    moves,
    movedRatio: shareOf(moves),
    collateralRatio: shareOf(collateral),
    exact: sameSlots(...sides),
    bytes: known ? moves.reduce((sum, { bytes }) => sum + bytes!, 0) : undefined,
    peakBefore: peak(before.placement, loadsBefore),
    peakAfter: peak(after.placement, loadsAfter),
    rounds: roundsOf(moves, perNode),
    perNode,
    spilled: after.placement.spilled ?? 0,
    before,
    after,
  });
}

/** The way back: every move the other way round. Its moves keep their ids. */
export function reversedPlan(plan: MovementPlan, epoch: number): MovementPlan {
  return withMoveOf({
    ...plan,
    epoch,
    moves: plan.moves.map((move) => ({ ...move, from: move.to, to: move.from })),
    peakBefore: plan.peakAfter,
    peakAfter: plan.peakBefore,
    spilled: plan.after.placement.spilled ?? 0,
    before: plan.after,
    after: plan.before,
  });
}

/** Whether `a` leads back where `b` came from. */
export function isReverse(a: MovementPlan, b: MovementPlan): boolean {
  return (
    a.before.placement === b.after.placement &&
    a.after.placement === b.before.placement &&
    a.moves.length === b.moves.length
  );
}

/** The index of the first move that may start while `busy` counts the moves of each node; or -1. */
export function nextMove(
  waiting: readonly Move[],
  busy: ReadonlyMap<string, number>,
  perNode: number,
): number {
  const free = (id: string): boolean => (busy.get(id) ?? 0) < perNode;
  return waiting.findIndex(({ from, to }) => free(from) && free(to));
}

function roundsOf(moves: readonly Move[], perNode: number): number {
  let waiting = [...moves];
  let rounds = 0;
  while (waiting.length > 0) {
    const busy = new Map<string, number>();
    waiting = waiting.filter((move) => {
      if (nextMove([move], busy, perNode) < 0) return true;
      for (const id of [move.from, move.to]) busy.set(id, (busy.get(id) ?? 0) + 1);
      return false;
    });
    rounds++;
  }
  return rounds;
}

function withMoveOf(plan: Omit<MovementPlan, 'moveOf'>): MovementPlan {
  let indexOf: ((key: string) => number) | undefined;
  return {
    ...plan,
    moveOf(key) {
      indexOf ??= moveIndex(plan.before.placement, plan.after.placement, plan.moves);
      return plan.moves[indexOf(key)];
    },
  };
}

function shareOf(moves: readonly Move[]): number {
  return moves.reduce((sum, { share }) => sum + share, 0);
}

function peak({ nodes }: Placement, loads: ReadonlyMap<string, number>): number {
  const weight = nodes.reduce((sum, node) => sum + node.weight, 0);
  const total = nodes.reduce((sum, { id }) => sum + loads.get(id)!, 0);
  if (total === 0) return 1;
  return Math.max(...nodes.map((node) => loads.get(node.id)! / total / (node.weight / weight)));
}
