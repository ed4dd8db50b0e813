/**
 * What a shard map is asked and what it answers.
 */
import type { EventSource, Runtime } from '../core/index.ts';
import type { MovePhase } from './migration.ts';
import type { MigrationHooks, MigrationJournal } from './migration-run.ts';
import type { Move } from './movement.ts';
import type { MovementPlan, PlanOptions } from './movement-plan.ts';
import type { PlacementChange, Strategy } from './placement.ts';
import type { NodeChange, ShardMember, ShardNode } from './shard-node.ts';
import type { ShardMapSnapshot } from './shard-snapshot.ts';

/** Options of `shardMap`. */
export interface ShardMapOptions {
  /** The nodes, one or more. */
  readonly nodes: readonly ShardNode[];
  /** How keys are placed. @default slots() */
  readonly strategy?: Strategy;
  /** The part of a key that decides its place, such as `hashTag`. @default the whole key */
  readonly tag?: (key: string) => string;
  /** Keys whose owner is remembered, 0 or more; worth it where few keys are asked for often. @default 0 */
  readonly memo?: number;
  /** @default systemRuntime() */
  readonly runtime?: Runtime;
}

/** How a map is to change: its nodes, single slots or ranges, or the whole strategy. */
export interface ShardChange extends NodeChange, PlacementChange {
  /** Leaves the present strategy for this one. @default stays */
  readonly strategy?: Strategy;
}

/** Options of `owners`. */
export interface OwnersOptions {
  /** Spreads over zones first: one node of each before a second of any. @default not */
  readonly distinct?: 'zone';
}

/** Leave to write a key, as of an epoch: taken where the map is, checked where the data is. */
export interface Claim {
  readonly key: string;
  readonly node: string;
  readonly epoch: number;
}

/** Whether a claim holds. `moved`: another node owns the key; `fenced`: it is just moving, try again;
 * `stale`: it moved away and back since, claim again. */
export type ClaimAnswer =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly reason: 'moved' | 'fenced' | 'stale';
      readonly owner: string;
      readonly epoch: number;
    };

/** What a map tells its listeners. */
export interface ShardMapEvents {
  /** Ownership changed: keys were switched, a plan was completed or turned back, a snapshot adopted. */
  change: { readonly epoch: number };
  /** A move took a step. */
  move: { readonly move: Move; readonly phase: MovePhase; readonly epoch: number };
}

/** How a plan is carried out. */
export interface ApplyOptions {
  /** The host's side; without hooks ownership changes at once. */
  readonly hooks?: MigrationHooks;
  /** Stops the migration: no further move starts. @default never */
  readonly signal?: AbortSignal;
  /** Remembers each step. @default nobody */
  readonly journal?: MigrationJournal<ShardMapSnapshot>;
}

/** A map from keys to nodes. State is local; share it by `snapshot` and `adopt`. */
export interface ShardMap extends EventSource<ShardMapEvents> {
  readonly strategy: string;
  /** Grows with every step of a migration and with every plan applied. */
  readonly epoch: number;
  /** Equal on two maps that place alike. Computed anew, `O(slots)`. */
  readonly checksum: string;
  readonly nodes: readonly ShardMember[];
  /** True while a migration is under way or was stopped half-way. */
  readonly isMoving: boolean;
  /** A migration that was stopped half-way, to be applied again or reversed. */
  readonly pending: MovementPlan | undefined;
  /** The id of the node that owns a key. Always exactly one, any string is a key. */
  owner(key: string): string;
  /**
   * The ids of the `count` nodes for a key, the owner first; fewer when there are no more nodes (in
   * its partition). A change of nodes changes as few as it can.
   */
  owners(key: string, count: number, options?: OwnersOptions): string[];
  /** The slot of a key: a slot of the table, a point of the ring, a bucket, a range. */
  slot(key: string): number;
  /** The keys by owner, in their order; what a multi-get wants. */
  group(keys: Iterable<string>): Map<string, string[]>;
  /** Leave to write a key, to be handed to its owner along with the write. */
  claim(key: string): Claim;
  /** Whether a claim made here or elsewhere still holds; ask before each write. */
  check(claim: Claim): ClaimAnswer;
  /**
   * What a change would move; changes nothing.
   *
   * @throws OptionError for a change that cannot be: unknown ids, bad weights, nobody left
   */
  plan(change: ShardChange, options?: PlanOptions): MovementPlan;
  /** The way back of a plan that was applied, or stopped half-way. @throws MigrationError for another */
  reverse(plan: MovementPlan): MovementPlan;
  /**
   * Carries a plan out. Rejects with the first error of a hook or with `signal.reason`; the map then
   * stays where it got to, every key with one owner, and `pending` is what to apply or `reverse`.
   *
   * @throws MigrationError while another runs, and for a plan made for an earlier epoch
   */
  apply(plan: MovementPlan, options?: ApplyOptions): Promise<void>;
  snapshot(): ShardMapSnapshot;
  /**
   * Becomes the map of a snapshot with a greater epoch; false, and nothing changes, for an older one.
   *
   * @param strategies that it may name besides the map's own
   * @throws OptionError for a snapshot that does not fit; MigrationError while a migration runs here
   */
  adopt(snapshot: ShardMapSnapshot, strategies?: readonly Strategy[]): boolean;
}
