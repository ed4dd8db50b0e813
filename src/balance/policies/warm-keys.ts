/**
 * Where keys are warm, within a bound.
 *
 * Two generations: what is used moves to the young one, and when that is full the old one is forgotten
 * and the young one grows old. So the longest unused go, half of them at a time, and a use costs one
 * look-up instead of a move to the end of a list.
 */

/** An endpoint at which a key is warm. */
export interface Home {
  readonly slot: number;
  until: number;
}

/** Most endpoints at which one key is remembered to be warm. */
const MOST_HOMES = 3;

export class WarmKeys {
  private readonly half: number;
  /** Homes by key, the latest last. */
  private young = new Map<string, Home[]>();
  private old = new Map<string, Home[]>();

  /** @param most keys remembered, 1 or more */
  constructor(most: number) {
    this.half = most / 2;
  }

  find(key: string): readonly Home[] | undefined {
    return this.young.get(key) ?? this.old.get(key);
  }

  note(key: string, slot: number, until: number): void {
    const homes = this.young.get(key) ?? this.rejuvenated(key);
    const at = homes.findIndex((home) => home.slot === slot);
    if (at >= 0 && at === homes.length - 1) {
      homes[at]!.until = until;
      return;
    }
    if (at >= 0) homes.splice(at, 1);
    else if (homes.length === MOST_HOMES) homes.shift();
    homes.push({ slot, until });
  }

  forget(key: string, slot: number): void {
    for (const keys of [this.young, this.old]) {
      const others = keys.get(key)?.filter((home) => home.slot !== slot) ?? [];
      if (others.length > 0) keys.set(key, others);
      else keys.delete(key);
    }
  }

  /** Forgets every key at an endpoint. */
  leave(slot: number): void {
    for (const keys of [this.young, this.old]) {
      for (const key of keys.keys()) this.forget(key, slot);
    }
  }

  /** The homes of a key that was not used lately, which it is from now on. */
  private rejuvenated(key: string): Home[] {
    const homes = this.old.get(key) ?? [];
    this.old.delete(key);
    if (this.young.size + 1 > this.half) {
      this.old = this.half < 1 ? new Map<string, Home[]>() : this.young;
      this.young = new Map();
    }
    this.young.set(key, homes);
    return homes;
  }
}
