/**
 * A migration under way: which move has come how far, and whose each key is meanwhile.
 *
 * A key belongs to its old owner until its move is switched and to its new owner from then on, in one
 * step: at no time to nobody or to both. Between fence and switch nobody may write it.
 */
import { moveIndex } from './movement.ts';
import { isReverse, type MovementPlan } from './movement-plan.ts';
import type { Placement } from './placement.ts';
import type { ShardMember } from './shard-node.ts';

/** How far a move has come: the old owner serves; nobody writes; the new owner serves. */
export type MovePhase = 'waiting' | 'fenced' | 'switched';

/** The state of one migration, and the placement that holds during it. */
export interface Migration {
  readonly plan: MovementPlan;
  readonly phases: readonly MovePhase[];
  /** The epoch of each move's last step; 0 before any. */
  readonly epochs: readonly number[];
  readonly placement: Placement;
  /** How far the move of a key has come; undefined when it does not move. */
  phaseOf(key: string): MovePhase | undefined;
  /** The epoch of the last step of the key's move; 0 before any, and when it does not move. */
  epochOf(key: string): number;
  /** Notes a step of a move. */
  step(move: number, phase: MovePhase, epoch: number): void;
}

/** Begins, or goes on with, a migration. */
export function migration(
  plan: MovementPlan,
  phases: readonly MovePhase[] = plan.moves.map(() => 'waiting'),
  epochs: readonly number[] = [],
): Migration {
  return new MigrationState(plan, phases, epochs);
}

/** The same migration seen from its end, for going back. */
export function turned(going: Migration, back: MovementPlan): Migration | undefined {
  if (!isReverse(back, going.plan)) return undefined;
  const phases = going.phases.map((phase) => (phase === 'switched' ? 'waiting' : 'switched'));
  const epochs = phases.map(() => back.epoch);
  return new MigrationState(back, phases, epochs);
}

class MigrationState implements Migration {
  readonly plan: MovementPlan;
  readonly phases: MovePhase[];
  readonly placement: Placement;
  readonly epochs: number[];
  private readonly moveOf: (key: string) => number;

  constructor(plan: MovementPlan, phases: readonly MovePhase[], epochs: readonly number[]) {
    this.plan = plan;
    this.phases = [...phases];
    this.epochs = phases.map((_, at) => epochs[at] ?? 0);
    const before = plan.before.placement;
    const after = plan.after.placement;
    this.moveOf = moveIndex(before, after, plan.moves);
    this.placement = between(before, after, (key) => this.phaseOf(key) === 'switched');
  }

  phaseOf(key: string): MovePhase | undefined {
    return this.phases[this.moveOf(key)];
  }

  epochOf(key: string): number {
    return this.epochs[this.moveOf(key)] ?? 0;
  }

  step(move: number, phase: MovePhase, epoch: number): void {
    this.phases[move] = phase;
    this.epochs[move] = epoch;
  }
}

/** The placement during a migration. Only look-ups are asked of it. */
function between(
  before: Placement,
  after: Placement,
  isSwitched: (key: string) => boolean,
): Placement {
  const of = (key: string): Placement => (isSwitched(key) ? after : before);
  const nodes = new Map<string, ShardMember>();
  for (const node of [...before.nodes, ...after.nodes]) nodes.set(node.id, node);
  return {
    nodes: [...nodes.values()],
    slots: before.slots,
    slot: (key) => of(key).slot(key),
    owner: (key) => of(key).owner(key),
    rank: (key) => of(key).rank(key),
    changed: () => before,
    state: () => before.state(),
    probes: () => before.probes(),
  };
}
