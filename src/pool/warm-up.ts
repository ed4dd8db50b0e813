/** Those who wait until a pool is warm. */

export class WarmUp {
  private waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];

  /** Resolves with `done`, rejects with `fail`, whichever comes next. */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  done(): void {
    for (const { resolve } of this.waiting.splice(0)) resolve();
  }

  fail(error: () => Error): void {
    for (const { reject } of this.waiting.splice(0)) reject(error());
  }
}
