/**
 * The shard map: whose each key is, how that changes, and what it takes.
 */
import type { Emitter, Runtime } from '../core/index.ts';
import { emitter, optionChecks, systemRuntime } from '../core/index.ts';
import { KeyMemo } from './key-memo.ts';
import { type Migration, migration, type MovePhase, turned } from './migration.ts';
import { checkHooks, MigrationError, runMigration } from './migration-run.ts';
import type { Move } from './movement.ts';
import { movementPlan, type MovementPlan, type PlacementSide } from './movement-plan.ts';
import { type PlanOptions, reversedPlan } from './movement-plan.ts';
import { type Placement, refuseAssign, type Strategy } from './placement.ts';
import { pickDistinct, pickFirst } from './replica-choice.ts';
import { changedMembers, members, type ShardMember } from './shard-node.ts';
import type { ApplyOptions, Claim, ClaimAnswer, OwnersOptions } from './shard-map-types.ts';
import type { ShardChange, ShardMap, ShardMapEvents } from './shard-map-types.ts';
import type { ShardMapOptions } from './shard-map-types.ts';
import { checksumOf, type ShardMapSnapshot, snapshotOf, stateOf } from './shard-snapshot.ts';
import { slots } from './slots.ts';

/**
 * Makes a shard map.
 *
 * ```ts
 * import { shardMap } from 'tenfold/shard';
 *
 * const map = shardMap({ nodes: [{ id: 'a' }, { id: 'b' }, { id: 'c', weight: 2 }] });
 * const plan = map.plan({ add: [{ id: 'd' }] });
 * console.log(map.owner('user 42'), plan.movedRatio, plan.collateralRatio);
 * ```
 *
 * @throws OptionError for bad options, and for nodes the strategy cannot place
 */
export function shardMap(options: ShardMapOptions): ShardMap {
  return new LocalShardMap(options);
}

function refuseKey(key: unknown): never {
  return optionChecks('shardMap').refuse('key', 'a string', key);
}

/** A claim comes with a write, from anywhere: without an epoch it would be newer than everything. */
function refuseClaim(claim: unknown): never {
  const wanted = 'a claim with a key, a node and an epoch of 0 or more';
  return optionChecks('shardMap.check').refuse('claim', wanted, claim);
}

function isClaim(claim: unknown): claim is Claim {
  const { node, epoch } = (claim ?? {}) as Partial<Claim>;
  return typeof node === 'string' && Number.isSafeInteger(epoch) && epoch! >= 0;
}

const HOLDS: ClaimAnswer = Object.freeze({ ok: true });

class LocalShardMap implements ShardMap {
  epoch = 0;
  readonly on: ShardMap['on'];
  private readonly runtime: Runtime;
  private readonly events: Emitter<ShardMapEvents>;
  private readonly tag: ((key: string) => string) | undefined;
  private readonly memo: KeyMemo | undefined;
  private readonly ownersChecks = optionChecks('shardMap.owners');
  private readonly keyOf = (key: string): string => this.tagOf(key);
  /** Where the map rests, or where a migration leads away from. */
  private side: PlacementSide;
  /** What look-ups ask: the placement of `side`, or the one between two. */
  private placement: Placement;
  private migration: Migration | undefined = undefined;
  private running = false;
  /** Claims from before this epoch are void: what they say may have changed twice since. */
  private claimsFrom = 0;

  constructor(options: ShardMapOptions) {
    const check = optionChecks('shardMap');
    check.known(options, ['nodes', 'strategy', 'tag', 'memo', 'runtime']);
    const { strategy = slots(), tag, memo = 0 } = options;
    this.runtime = options.runtime ?? systemRuntime();
    this.events = emitter(this.runtime, 'shardMap');
    this.on = (name, listener) => this.events.on(name, listener);
    this.tag = tag === undefined ? undefined : check.callable('tag', tag);
    check.number('memo', memo, { min: 0, integer: true });
    this.memo = memo === 0 ? undefined : new KeyMemo(memo);
    if (typeof strategy?.place !== 'function') {
      check.refuse('strategy', 'a strategy such as slots()', strategy);
    }
    this.side = { strategy, placement: strategy.place(members(options.nodes)) };
    this.placement = this.side.placement;
  }

  get strategy(): string {
    return this.side.strategy.name;
  }

  get nodes(): readonly ShardMember[] {
    return this.placement.nodes;
  }

  get checksum(): string {
    return checksumOf(this.snapshot(), this.placement, this.keyOf);
  }

  get isMoving(): boolean {
    return this.migration !== undefined;
  }

  get pending(): MovementPlan | undefined {
    return this.running ? undefined : this.migration?.plan;
  }

  owner(key: string): string {
    // A number has no characters: every user id would have the same owner, and nobody would notice.
    if (typeof key !== 'string') refuseKey(key);
    if (this.memo !== undefined) return this.remembered(key, this.memo);
    return this.placement.owner(this.tag === undefined ? key : this.tag(key)).id;
  }

  owners(key: string, count: number, options: OwnersOptions = {}): string[] {
    const check = this.ownersChecks;
    check.count('count', count);
    if (options.distinct !== undefined) check.oneOf('distinct', options.distinct, ['zone']);
    const ranking = this.placement.rank(this.tagOf(key));
    const pick = options.distinct === 'zone' ? pickDistinct : pickFirst;
    return pick(ranking, count).map(({ id }) => id);
  }

  slot(key: string): number {
    return this.placement.slot(this.tagOf(key));
  }

  group(keys: Iterable<string>): Map<string, string[]> {
    if (typeof keys?.[Symbol.iterator] !== 'function') {
      optionChecks('shardMap.group').refuse('keys', 'keys in a list or another iterable', keys);
    }
    const groups = new Map<string, string[]>();
    for (const key of keys) {
      const owner = this.owner(key);
      const group = groups.get(owner);
      if (group === undefined) groups.set(owner, [key]);
      else group.push(key);
    }
    return groups;
  }

  claim(key: string): Claim {
    return { key, node: this.owner(key), epoch: this.epoch };
  }

  check(claim: Claim): ClaimAnswer {
    if (!isClaim(claim)) refuseClaim(claim);
    const { key, node, epoch } = claim;
    const tagged = this.tagOf(key);
    const owner = this.owner(key);
    const no = (reason: 'moved' | 'fenced' | 'stale'): ClaimAnswer => ({
      ...{ ok: false, reason, owner, epoch: this.epoch },
    });
    if (owner !== node) return no('moved');
    if (this.migration?.phaseOf(tagged) === 'fenced') return no('fenced');
    const since = this.migration?.epochOf(tagged) ?? 0;
    return epoch < Math.max(since, this.claimsFrom) ? no('stale') : HOLDS;
  }

  plan(change: ShardChange, options: PlanOptions = {}): MovementPlan {
    const check = optionChecks('shardMap.plan');
    check.known(change, ['add', 'remove', 'reweight', 'assign', 'rebalance', 'strategy']);
    if (this.migration !== undefined) {
      throw new MigrationError('a migration is under way: apply map.pending or its reverse first');
    }
    check.known(options, ['slotsPerMove', 'loadOf', 'bytesOf', 'totalBytes', 'keys', 'perNode']);
    const { strategy, placement } = this.side;
    const nodes = changedMembers(placement.nodes, change);
    const derived = change.strategy === undefined;
    if (!derived) refuseAssign('a strategy that is just chosen', change);
    const after = derived
      ? { strategy, placement: placement.changed(nodes, change) }
      : { strategy: change.strategy, placement: change.strategy.place(nodes) };
    return movementPlan(this.epoch, this.side, after, { ...options, derived, keyOf: this.keyOf });
  }

  reverse(plan: MovementPlan): MovementPlan {
    const applied = this.side.placement === plan.after.placement;
    if (!applied && this.migration?.plan !== plan) {
      throw new MigrationError(
        'only the plan applied last can be reversed; plan the change instead',
      );
    }
    return reversedPlan(plan, this.epoch);
  }

  async apply(plan: MovementPlan, options: ApplyOptions = {}): Promise<void> {
    const check = optionChecks('shardMap.apply');
    check.known(options, ['hooks', 'signal', 'journal']);
    if (typeof plan?.moveOf !== 'function') check.refuse('plan', 'a plan of this map', plan);
    if (this.running) throw new MigrationError('a migration is running already');
    const { hooks = {}, signal = new AbortController().signal, journal } = options;
    checkHooks(hooks);
    const going = this.begin(plan);
    this.running = true;
    try {
      await journal?.append({ kind: 'map', epoch: this.epoch, map: this.snapshot() });
      await runMigration(going, {
        ...{ runtime: this.runtime, hooks, journal, signal },
        nextEpoch: () => ++this.epoch,
        stepped: (move, phase) => this.stepped(move, phase),
      });
      this.rest(plan.after);
      await journal?.append({ kind: 'map', epoch: this.epoch, map: this.snapshot() });
    } finally {
      this.running = false;
      // A migration none of whose moves was switched has not begun.
      const { migration: left } = this;
      if (left?.phases.every((phase) => phase === 'waiting')) this.rest(left.plan.before);
    }
  }

  snapshot(): ShardMapSnapshot {
    const { side, epoch, claimsFrom } = this;
    return snapshotOf({ side, epoch, claimsFrom, migration: this.migration });
  }

  adopt(snapshot: ShardMapSnapshot, strategies: readonly Strategy[] = []): boolean {
    if (this.running) throw new MigrationError('a migration is running here');
    if (typeof snapshot !== 'object' || snapshot === null) {
      optionChecks('shardMap.adopt').refuse('snapshot', 'a snapshot of a map', snapshot);
    }
    if (snapshot.epoch <= this.epoch) return false;
    const state = stateOf(snapshot, [this.side.strategy, ...strategies], this.keyOf);
    this.side = state.side;
    this.epoch = state.epoch;
    this.claimsFrom = state.claimsFrom;
    this.migration = state.migration;
    this.placement = state.migration?.placement ?? state.side.placement;
    this.changed();
    return true;
  }

  private remembered(key: string, memo: KeyMemo): string {
    const known = memo.get(key);
    if (known !== undefined) return known;
    const owner = this.placement.owner(this.tagOf(key)).id;
    memo.set(key, owner);
    return owner;
  }

  private tagOf(key: string): string {
    if (typeof key !== 'string') refuseKey(key);
    return this.tag === undefined ? key : this.tag(key);
  }

  /** Enters a migration, or goes on with the stopped one, forth or back. */
  private begin(plan: MovementPlan): Migration {
    const stopped = this.migration;
    if (stopped === undefined) {
      if (plan.epoch !== this.epoch || plan.before.placement !== this.side.placement) {
        throw new MigrationError(
          `the plan was made at epoch ${plan.epoch}, the map is at ${this.epoch}: plan again`,
        );
      }
      this.migration = migration(plan);
    } else if (stopped.plan !== plan) {
      const back = turned(stopped, plan);
      if (back === undefined) {
        throw new MigrationError(
          'another migration was stopped half-way: apply or reverse that one',
        );
      }
      this.migration = back;
      this.side = plan.before;
    }
    this.placement = this.migration!.placement;
    return this.migration!;
  }

  /** Ends a migration at one of its sides. */
  private rest(side: PlacementSide): void {
    this.side = side;
    this.placement = side.placement;
    this.migration = undefined;
    this.claimsFrom = ++this.epoch;
    this.changed();
  }

  private stepped(move: Move, phase: MovePhase): void {
    const { epoch } = this;
    if (this.events.has('move')) this.events.emit('move', { move, phase, epoch });
    if (phase === 'switched') this.changed();
  }

  private changed(): void {
    this.memo?.clear();
    if (this.events.has('change')) this.events.emit('change', { epoch: this.epoch });
  }
}
