/** Whose is this key: strategies, slot maps, movement plans, scatter-gather, replicas, hot keys. */
export { boundedRing } from './bounded-ring.ts';
export type { BoundedRingOptions } from './bounded-ring.ts';
export type { JumpOptions, ModuloOptions } from './buckets.ts';
export { jump, modulo } from './buckets.ts';
export type { DirectoryOptions } from './directory.ts';
export { directory } from './directory.ts';
export { hashTag, redisSlot } from './hash-tag.ts';
export type { KetamaOptions } from './ketama.ts';
export { ketama } from './ketama.ts';
export type { MaglevOptions } from './maglev.ts';
export { maglev } from './maglev.ts';
export type { MovePhase } from './migration.ts';
export type {
  HookContext,
  JournalEntry,
  MigrationHooks,
  MigrationJournal,
} from './migration-run.ts';
export { MigrationError } from './migration-run.ts';
export type { Move } from './movement.ts';
export type { MovementWeights } from './movement-facts.ts';
export type { MovementPlan, PlacementSide, PlanOptions } from './movement-plan.ts';
export type { Assignment, KeyHash, Placement, PlacementChange } from './placement.ts';
export type { SlotOwners, Strategy } from './placement.ts';
export type { RangeStart } from './ranges.ts';
export { ranges } from './ranges.ts';
export type { RendezvousOptions } from './rendezvous.ts';
export { rendezvous } from './rendezvous.ts';
export type { RingOptions } from './ring.ts';
export { ring } from './ring.ts';
export { shardMap } from './shard-map.ts';
export type { ApplyOptions, Claim, ClaimAnswer, OwnersOptions } from './shard-map-types.ts';
export type { ShardChange, ShardMap, ShardMapEvents, ShardMapOptions } from './shard-map-types.ts';
export type { NodeChange, ShardMember, ShardNode } from './shard-node.ts';
export type { MigrationSnapshot, ShardMapSnapshot, SideSnapshot } from './shard-snapshot.ts';
export { replayed } from './shard-snapshot.ts';
export type { RedisSlotsOptions, SlotsOptions } from './slots.ts';
export { redisSlots, slots } from './slots.ts';
export type { Ask, Gathered } from './gathering.ts';
export { QuorumError } from './gathering.ts';
export type { HedgeOptions } from './hedging.ts';
export type { HotKey, HotspotProposal, Hotspots, HotspotsOptions } from './hotspots.ts';
export { hotspots } from './hotspots.ts';
export { mergeTop } from './merge-top.ts';
export type {
  ReadNeeds,
  Replica,
  ReplicaSet,
  ReplicaSetOptions,
  ReplicaState,
} from './replica-set.ts';
export { replicaSet } from './replica-set.ts';
export type { ScatterGather, ScatterGatherOptions } from './scatter-gather.ts';
export { scatterGather } from './scatter-gather.ts';
export type { LogPosition } from './session-positions.ts';
export type { ShuffleShardOptions } from './shuffle-shard.ts';
export { shuffleShards } from './shuffle-shard.ts';
