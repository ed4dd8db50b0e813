/**
 * Telling one tier a batch of wishes: invalidations, then removals, then writes. Granted wishes leave the
 * outbox.
 */

import type { LateWrites } from './late-writes.ts';
import type { Draft, Outbox, Wish } from './outbox.ts';
import type { DeskHost, TierForm } from './tier-form.ts';
import type { TierRules } from './tier-options.ts';
import type { TierRequests } from './tier-requests.ts';
import { answered } from './tier-requests.ts';

/** What a delivery works with. */
export interface DeliveryParts {
  readonly rules: TierRules;
  readonly host: DeskHost;
  readonly requests: TierRequests;
  readonly form: TierForm;
  readonly outbox: Outbox;
  readonly late: LateWrites;
}

export class TierDelivery {
  private readonly rules: TierRules;
  private readonly host: DeskHost;
  private readonly requests: TierRequests;
  private readonly form: TierForm;
  private readonly outbox: Outbox;
  private readonly late: LateWrites;

  constructor({ rules, host, requests, form, outbox, late }: DeliveryParts) {
    this.rules = rules;
    this.host = host;
    this.requests = requests;
    this.form = form;
    this.outbox = outbox;
    this.late = late;
  }

  /** Tags first: a value written after an invalidation must carry the counter from after it. */
  async tell(tags: ReadonlyMap<string, object>, wishes: readonly Wish[]): Promise<boolean> {
    const { tier } = this.rules;
    if (tags.size > 0) {
      const names = [...tags.keys()].map(this.form.scoped);
      if ((await this.requests.ask('bump', (call) => done(tier.bump(names, call)))) === undefined)
        return false;
      for (const [tag, wish] of tags) this.outbox.tagGranted(tag, wish);
    }
    const { tagClock } = this.host;
    const drafts = wishes.filter(
      (wish) => wish.kind === 'set' && tagClock.isCurrent(wish.mark),
    ) as Draft[];
    const gone = wishes.filter((wish) => !drafts.includes(wish as Draft));
    if (gone.length > 0 && !(await this.removeAll(gone))) return false;
    return drafts.length === 0 || (await this.writeAll(drafts));
  }

  private async removeAll(wishes: readonly Wish[]): Promise<boolean> {
    const keys = wishes.map(({ key }) => this.form.scoped(key));
    const removed = await this.requests.ask('remove', (call) =>
      done(this.rules.tier.remove(keys, call)),
    );
    if (removed !== undefined) for (const wish of wishes) this.grant(wish);
    return removed !== undefined;
  }

  private async writeAll(drafts: readonly Draft[]): Promise<boolean> {
    const asked = new Set(
      drafts.flatMap(({ vector, mark }) => (vector === undefined ? mark.tags : [])),
    );
    const vector = await this.requests.versions([...asked]);
    const packed = drafts.map((draft) => {
      const counters = draft.vector ?? vector;
      return counters === undefined ? undefined : this.form.packed(draft, counters);
    });
    const writes = packed.filter((write) => write !== undefined);
    // A value that has no form as bytes must not leave an older one standing.
    const formless = vector === undefined ? [] : drafts.filter((_, i) => packed[i] === undefined);
    if (formless.length > 0 && !(await this.removeAll(formless))) return this.abandon(drafts);
    const sent: Promise<readonly boolean[]>[] = [];
    const written =
      vector === undefined
        ? undefined
        : await this.requests.ask('write', async (call) => {
            if (writes.length === 0) return [];
            const answer = this.rules.tier.write(writes, call);
            sent.push(answer);
            return answered(await answer);
          });
    if (written === undefined) {
      this.late.follow(sent.length === 0 ? [] : drafts, sent);
      return this.abandon(drafts);
    }
    this.requests.figures.written += writes.length;
    for (const draft of drafts) this.grant(draft);
    return true;
  }

  private grant(wish: Wish): void {
    this.outbox.granted(wish);
    this.late.told(wish);
  }

  /** Drops what is not owed; the rest is tried again. */
  private abandon(drafts: readonly Draft[]): boolean {
    for (const draft of drafts) if (!draft.owed) this.outbox.granted(draft);
    return drafts.every(({ owed }) => !owed);
  }
}

async function done(answer: Promise<void>): Promise<true> {
  await answer;
  return true;
}
