/**
 * Carrying out a plan: each move is prepared, copied, verified, fenced, switched and released through
 * the host's hooks, as many at a time as the nodes allow.
 */
import type { Runtime } from '../core/index.ts';
import { optionChecks, TenfoldError } from '../core/index.ts';
import type { Migration, MovePhase } from './migration.ts';
import type { Move } from './movement.ts';

/** What a hook is told besides its move. */
export interface HookContext {
  /** Aborted when the migration is to stop. */
  readonly signal: AbortSignal;
  /** From `fence` on: the epoch below which writes of these keys are to be refused. */
  readonly epoch: number;
}

/**
 * The host's side of a migration; every hook is optional and may be called again for the same move
 * after a stop, so let each be idempotent.
 */
export interface MigrationHooks {
  /** Makes room at the new owner. */
  prepare?(move: Move, context: HookContext): void | Promise<void>;
  /** Copies the data while the old owner serves. */
  copy?(move: Move, context: HookContext): void | Promise<void>;
  /** Compares both sides; false stops the migration. */
  verify?(move: Move, context: HookContext): boolean | Promise<boolean>;
  /** Makes the old owner refuse writes below `epoch`, and carries over what came since the copy. */
  fence?(move: Move, context: HookContext): void | Promise<void>;
  /** Makes the change known, by compare-and-set of `epoch` where the map is shared. */
  switch?(move: Move, context: HookContext): void | Promise<void>;
  /**
   * Deletes the data at the old owner. A failure is reported and does not stop the migration. Called
   * again for moves that were switched before a stop, when the migration goes on.
   */
  release?(move: Move, context: HookContext): void | Promise<void>;
  /** Called when a move fails before its switch: lifts its fence, drops what was copied. */
  abandon?(move: Move, context: HookContext): void | Promise<void>;
}

/**
 * Remembers a migration across a crash. Each step is awaited before the next hook is called; a step that
 * was taken but not remembered is taken again, which idempotent hooks allow.
 */
export interface MigrationJournal<Snapshot = unknown> {
  append(entry: JournalEntry<Snapshot>): void | Promise<void>;
}

/** One line of the journal: the map as it was, or a step of a move. */
export type JournalEntry<Snapshot = unknown> =
  | { readonly kind: 'map'; readonly epoch: number; readonly map: Snapshot }
  | {
      readonly kind: 'move';
      readonly epoch: number;
      readonly move: number;
      readonly phase: MovePhase;
    };

/** A migration could not begin or go on; `cause` holds what a hook threw. */
export class MigrationError extends TenfoldError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_MIGRATION', message, options);
  }
}

const HOOKS = ['prepare', 'copy', 'verify', 'fence', 'switch', 'release', 'abandon'] as const;

/**
 * Checks hooks: a misspelt one would let ownership change without the data. An object of a class may
 * have other members.
 *
 * @throws OptionError for an unknown name in a plain object, and for a hook that is no function
 */
export function checkHooks(hooks: MigrationHooks): void {
  const check = optionChecks('shardMap.apply.hooks');
  if (Object.getPrototypeOf(hooks ?? {}) === Object.prototype) check.known(hooks, HOOKS);
  for (const name of HOOKS) {
    const hook = (hooks as Readonly<Record<string, unknown>>)[name];
    if (hook !== undefined) check.callable(name, hook as () => void);
  }
}

/** What a run needs of the map. */
export interface MigrationHost {
  readonly runtime: Runtime;
  readonly hooks: MigrationHooks;
  readonly journal: MigrationJournal | undefined;
  readonly signal: AbortSignal;
  /** The map's epoch, raised by one. */
  readonly nextEpoch: () => number;
  /** Told after each step. */
  readonly stepped: (move: Move, phase: MovePhase) => void;
}

/**
 * Runs all moves, of those that are switched already only the release. After a failure or an abort no
 * further move starts, those under way end, and the first failure is thrown.
 */
export async function runMigration(going: Migration, host: MigrationHost): Promise<void> {
  const { plan } = going;
  // Those switched before a stop, too: nobody knows whether the old owner has let go of the data.
  const waiting = [...plan.moves];
  const busy = new Map<string, number>();
  const count = (move: Move, by: number): void => {
    for (const id of [move.from, move.to]) busy.set(id, (busy.get(id) ?? 0) + by);
  };
  const running = new Set<Promise<void>>();
  let failed = false;
  let failure: unknown;
  const run = async (move: Move): Promise<void> => {
    count(move, 1);
    try {
      if (going.phases[move.id] !== 'switched') await runMove(move, going, host);
      else await release(move, { signal: host.signal, epoch: going.epochs[move.id]! }, host);
    } catch (error) {
      if (!failed) failure = error;
      failed = true;
    }
    count(move, -1);
  };
  for (;;) {
    for (let at = 0; at >= 0 && !failed && !host.signal.aborted;) {
      at = nextMove(waiting, busy, plan.perNode);
      if (at < 0) break;
      const started = run(waiting.splice(at, 1)[0]!);
      running.add(started);
      void started.then(() => running.delete(started));
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  if (failed) throw failure;
  if (waiting.length > 0) host.signal.throwIfAborted();
}

/** The index of the first move that may start while `busy` counts the moves of each node; or -1. */
function nextMove(
  waiting: readonly Move[],
  busy: ReadonlyMap<string, number>,
  perNode: number,
): number {
  const free = (id: string): boolean => (busy.get(id) ?? 0) < perNode;
  return waiting.findIndex(({ from, to }) => free(from) && free(to));
}

async function runMove(move: Move, going: Migration, host: MigrationHost): Promise<void> {
  const { hooks, signal } = host;
  let context: HookContext = { signal, epoch: 0 };
  try {
    await hooks.prepare?.(move, context);
    await hooks.copy?.(move, context);
    if ((await hooks.verify?.(move, context)) === false) {
      throw new MigrationError(`move ${move.id} from ${move.from} to ${move.to}: verify said no`);
    }
    signal.throwIfAborted();
    context = { signal, epoch: await step(move, 'fenced', going, host) };
    await hooks.fence?.(move, context);
    await hooks.switch?.(move, context);
  } catch (error) {
    await abandon(move, context, going, host);
    throw error;
  }
  await step(move, 'switched', going, host);
  await release(move, context, host);
}

async function release(move: Move, context: HookContext, host: MigrationHost): Promise<void> {
  await tidy(host, 'release', () => host.hooks.release?.(move, context));
}

/** Takes a step: it holds from now on, and the journal knows before the next hook is called. */
async function step(
  move: Move,
  phase: MovePhase,
  going: Migration,
  { journal, nextEpoch, stepped }: MigrationHost,
): Promise<number> {
  const epoch = nextEpoch();
  going.step(move.id, phase, epoch);
  stepped(move, phase);
  await journal?.append({ kind: 'move', epoch, move: move.id, phase });
  return epoch;
}

async function abandon(
  move: Move,
  context: HookContext,
  going: Migration,
  host: MigrationHost,
): Promise<void> {
  await tidy(host, 'abandon', () => host.hooks.abandon?.(move, context));
  if (going.phases[move.id] !== 'fenced') return;
  await tidy(host, 'journal', async () => {
    await step(move, 'waiting', going, host);
  });
}

/** Work whose failure is reported but changes nothing. */
async function tidy({ runtime }: MigrationHost, what: string, work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    runtime.report(error, `shardMap migration: ${what}`);
  }
}
