/**
 * The desk at which a cache does business with one tier: bounded in time, never in the way when the
 * tier is down, and remembering what the tier has yet to be told.
 *
 * Explicit writes, removals and invalidations go through the outbox, in order, one batch at a time; what
 * fails stays and is tried again with growing waits. Values just loaded under a lease go at once: the
 * lease makes them harmless in any order.
 */

import type { Alarm } from '../core/index.ts';
import { grownMs } from '../core/index.ts';
import { LateWrites } from './late-writes.ts';
import type { Draft, Wish } from './outbox.ts';
import { EVERYTHING, Outbox } from './outbox.ts';
import { TierDelivery } from './tier-delivery.ts';
import type { DeskHost, Found, Opened } from './tier-form.ts';
import { TierForm } from './tier-form.ts';
import type { DeskFigures } from './tier-requests.ts';
import { answered, TierRequests, vectorOf } from './tier-requests.ts';
import type { TierRules } from './tier-options.ts';
import type { TierCall, TierReading } from './tier.ts';
import { within } from './within.ts';

/** One reading of a tier. */
export interface DeskReading {
  readonly found: readonly (Found | undefined)[];
  /** The tier's counters of the tags asked for, from before anything is loaded. */
  readonly vector: ReadonlyMap<string, number>;
}

const BATCH = 100;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 30_000;

export class TierDesk implements Alarm {
  alarmId = -1;
  /** Writes that only wait for their turn keep the process alive; repeated attempts do not. */
  background = false;
  readonly rules: TierRules;
  private readonly host: DeskHost;
  private readonly requests: TierRequests;
  private readonly form: TierForm;
  private readonly outbox: Outbox;
  private readonly late: LateWrites;
  private readonly delivery: TierDelivery;
  private flushing: Promise<void> | undefined;
  private retries = 0;
  private isClosed = false;

  constructor(rules: TierRules, host: DeskHost) {
    this.rules = rules;
    this.host = host;
    this.form = new TierForm(rules, host);
    this.requests = new TierRequests(rules, host, this.form);
    this.outbox = new Outbox(rules.maxPending);
    this.late = new LateWrites(this.outbox, rules.maxPending, (key) => void this.removeAgain(key));
    const { requests, form, outbox, late } = this;
    this.delivery = new TierDelivery({ rules, host, requests, form, outbox, late });
  }

  get figures(): Readonly<DeskFigures> {
    return this.requests.figures;
  }

  get name(): string {
    return this.rules.tier.name;
  }

  get leases(): boolean {
    return this.rules.tier.lease !== undefined;
  }

  /** True after a failure, until it is time to try again. */
  private get isResting(): boolean {
    return this.retries > 0 && this.alarmId >= 0;
  }

  /** Wishes the tier has not confirmed. */
  get pending(): number {
    return this.outbox.size;
  }

  /** Reads keys; undefined when the tier cannot be asked or may not be believed. Never rejects. */
  async read(keys: readonly string[], tags: readonly string[]): Promise<DeskReading | undefined> {
    if (this.outbox.distrustsAll) return undefined;
    const wishes = keys.map((key) => this.wishFor(key));
    const owedTags = this.outbox.tags();
    const asked = [EVERYTHING, ...tags];
    const readable = (key: string, i: number): string | undefined =>
      wishes[i] === undefined ? key : undefined;
    const answer = await this.requests.ask('read', async (call) => {
      const { tier } = this.rules;
      const reading = await tier.read(
        keys.map(this.form.scoped),
        asked.map(this.form.scoped),
        call,
      );
      const vector = vectorOf(asked, reading);
      const opened = this.openAll(keys.map(readable), reading);
      return { vector, opened, known: await this.completed(vector, opened, call) };
    });
    if (answer === undefined) return undefined;
    const found = keys.map((_, i) => {
      const wish = wishes[i];
      if (wish !== undefined) return this.form.fromWish(wish);
      const one = answer.opened[i];
      return one && this.form.judge(one, answer.known, owedTags);
    });
    for (const one of found) {
      if (one === undefined || one.freshMs <= 0) this.requests.figures.misses++;
      else this.requests.figures.hits++;
    }
    return { found, vector: answer.vector };
  }

  /** Takes leases; undefined where somebody else has one, or for all when the tier cannot be asked. */
  async lease(keys: readonly string[]): Promise<readonly (string | undefined)[] | undefined> {
    const { tier, leaseMs } = this.rules;
    const names = keys.map(this.form.scoped);
    return this.requests.ask('lease', async (call) => {
      const leases = answered(await tier.lease?.(names, leaseMs, call));
      // Stores say null, or false, where they mean undefined.
      return leases.map((lease) => (typeof lease === 'string' ? lease : undefined));
    });
  }

  /** Gives a lease back that no value came of. */
  async release(key: string, lease: string): Promise<void> {
    const { tier } = this.rules;
    const names = [this.form.scoped(key)];
    await this.requests.ask('release', async (call) => tier.release?.(names, [lease], call));
  }

  /** Writes a loaded value under its lease. False when the lease was ended, by a removal or a write. */
  async writeLeased(draft: Draft, lease: string): Promise<boolean> {
    const write = this.form.packed(draft, draft.vector ?? new Map<string, number>());
    if (write === undefined) {
      await this.release(draft.key, lease);
      return true;
    }
    const written = await this.requests.ask('write', async (call) =>
      answered(await this.rules.tier.write([{ ...write, lease }], call)),
    );
    if (written === undefined) return true;
    const [kept = false] = written;
    if (kept) this.requests.figures.written++;
    else this.requests.figures.fenced++;
    return kept;
  }

  /** Writes, or removes, in order with everything else; with write-behind, later. Never rejects. */
  async tell(wishes: readonly Wish[]): Promise<void> {
    const { flushMs } = this.rules;
    if (flushMs > 0 && this.outbox.isFull) await this.flushSoon();
    for (const wish of wishes) this.outbox.wish(wish);
    const later = flushMs > 0 && wishes.every(({ kind }) => kind === 'set');
    if (!later) return this.flushSoon();
    if (this.alarmId >= 0 || this.flushing !== undefined) return;
    this.background = false;
    this.host.runtime.arm(this, flushMs);
  }

  /** Invalidates tags. From now on nothing with these tags is believed. Never rejects. */
  async bump(tags: readonly string[]): Promise<void> {
    for (const tag of tags) this.outbox.wishTag(tag);
    await this.flushSoon();
  }

  /** Tells the tier everything it has yet to be told, as far as it listens. */
  async flush(): Promise<void> {
    // What came in since the running flush began needs another one.
    while (this.flushing !== undefined) await this.flushing;
    if (this.outbox.size === 0 || this.isResting) return;
    this.flushing = this.flushAll();
    try {
      await this.flushing;
    } finally {
      this.flushing = undefined;
    }
  }

  /** Flushes, and waits for it no longer than the time-out; a tier that was just down is left alone. */
  async flushSoon(): Promise<void> {
    if (this.flushing === undefined && this.isResting) return;
    const { timeoutMs } = this.rules;
    await within(this.host.runtime, timeoutMs, this.name, () => this.flush()).catch(
      () => undefined,
    );
  }

  ring(): void {
    void this.flush();
  }

  close(): void {
    this.isClosed = true;
    this.host.runtime.disarm(this);
  }

  /** What the tier was told, or is to be told, where it cannot be asked. */
  private wishFor(key: string): Wish | undefined {
    const wish = this.outbox.of(key);
    return wish === undefined && this.late.hides(key) ? { kind: 'remove', key } : wish;
  }

  /** Others may have read the late value, too. */
  private async removeAgain(key: string): Promise<void> {
    this.outbox.wish({ kind: 'remove', key });
    await this.flushSoon();
    this.host.recovered([key], []);
  }

  private async flushAll(): Promise<void> {
    this.host.runtime.disarm(this);
    const late = this.retries > 0;
    while (this.outbox.size > 0) {
      const tags = this.outbox.tags();
      const wishes = this.outbox.oldest(BATCH);
      if (!(await this.delivery.tell(tags, wishes))) {
        this.later();
        return;
      }
      if (late)
        this.host.recovered(
          wishes.map(({ key }) => key),
          [...tags.keys()],
        );
    }
    this.retries = 0;
  }

  private later(): void {
    if (this.isClosed) return;
    const { runtime } = this.host;
    const bounds = { growth: 2, maxMs: LONGEST_RETRY_MS, step: this.retries++ };
    this.background = true;
    runtime.arm(this, grownMs(FIRST_RETRY_MS, bounds));
  }

  private openAll(
    keys: readonly (string | undefined)[],
    { entries }: TierReading,
  ): (Opened | undefined)[] {
    return keys.map((key, i) => {
      const entry = entries[i];
      return key === undefined || entry === undefined ? undefined : this.form.open(key, entry);
    });
  }

  /** The counters of the entries' tags too: one more round trip where others than asked occur. */
  private async completed(
    vector: ReadonlyMap<string, number>,
    opened: readonly (Opened | undefined)[],
    call: TierCall,
  ): Promise<ReadonlyMap<string, number>> {
    const missing = new Set<string>();
    for (const one of opened) {
      for (const [tag] of one?.envelope.tags ?? []) if (!vector.has(tag)) missing.add(tag);
    }
    if (missing.size === 0) return vector;
    const tags = [...missing];
    const reading = await this.rules.tier.read([], tags.map(this.form.scoped), call);
    return new Map([...vector, ...vectorOf(tags, reading)]);
  }
}
