/** Moments in the life of a queue that can be waited for. */

export class Moments {
  private waiting: { readonly isNow: () => boolean; readonly tell: () => void }[] = [];

  /** Resolves as soon as `isNow` holds after a change; at once when it does already. */
  when(isNow: () => boolean): Promise<void> {
    if (isNow()) return Promise.resolve();
    return new Promise((tell) => this.waiting.push({ isNow, tell }));
  }

  /** Something has changed. */
  check(): void {
    if (this.waiting.length === 0) return;
    const come = this.waiting.filter((moment) => moment.isNow());
    if (come.length === 0) return;
    this.waiting = this.waiting.filter((moment) => !come.includes(moment));
    for (const moment of come) moment.tell();
  }
}
