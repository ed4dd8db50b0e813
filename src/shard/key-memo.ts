/**
 * A bounded memo of owners by key: two generations, the older dropped when the younger is full. A look-
 * up of a hot key is one Map hit and no hash.
 */

/** Remembers owners; forgets what was not asked for in the last one to two `size` new keys. */
export class KeyMemo {
  private young = new Map<string, string>();
  private old = new Map<string, string>();
  private readonly size: number;

  constructor(size: number) {
    this.size = size;
  }

  get(key: string): string | undefined {
    return this.young.get(key) ?? this.old.get(key);
  }

  set(key: string, owner: string): void {
    if (this.young.size >= this.size) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, owner);
  }

  clear(): void {
    this.young = new Map();
    this.old = new Map();
  }
}
