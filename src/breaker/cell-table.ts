/**
 * The cells of a keyed breaker, in order of their last use, so that those nobody uses can be forgotten
 * without a timer and without looking at all of them.
 */

import type { CellHome } from './breaker-cell.ts';
import { BreakerCell } from './breaker-cell.ts';
import type { BreakerMachine } from './breaker-machine.ts';
import type { StateChange } from './breaker-state.ts';
import { holdsBack } from './breaker-state.ts';

export interface CellTableOptions {
  readonly maxKeys: number;
  readonly idleMs: number;
}

/** Cells looked at, from the longest unused, before an open one is forgotten for want of room. */
const LOOKS = 8;

/** A cell in the order of use, a ring round a head. */
class Node {
  readonly cell: BreakerCell | undefined;
  newer: Node = this;
  older: Node = this;
  usedAt = 0;

  constructor(cell: BreakerCell | undefined) {
    this.cell = cell;
  }
}

export class CellTable {
  /** Cells forgotten for want of room. */
  forgottenEarly = 0;
  private readonly home: CellHome;
  private readonly options: CellTableOptions;
  private readonly nodes = new Map<string, Node>();
  /** The cells open or half-open. */
  private readonly holding = new Set<BreakerCell>();
  /** Its `older` is the latest used cell, its `newer` the longest unused. */
  private readonly head = new Node(undefined);

  constructor(home: CellHome, options: CellTableOptions) {
    this.home = home;
    this.options = options;
  }

  get size(): number {
    return this.nodes.size;
  }

  /**
   * Cells that hold calls back now: one whose open time is over waits for nothing but a call, and nobody
   * may ever come. `O(1)` while there are fewer than `enough`, else `O(cells open)`.
   */
  holdingBack(now: number, enough: number = 0): number {
    if (this.holding.size < enough) return this.holding.size;
    let count = 0;
    for (const { machine } of this.holding) if (!isQuiet(machine, now)) count++;
    return count;
  }

  all(): BreakerCell[] {
    return [...this.nodes.values()].map((node) => node.cell as BreakerCell);
  }

  /** The cell of a key, if there is one; not a use. */
  find(key: string): BreakerCell | undefined {
    return this.nodes.get(key)?.cell;
  }

  /** The cell of a key, made where there is none. */
  get(key: string, now: number): BreakerCell {
    let node = this.nodes.get(key);
    if (node === undefined) {
      this.forgetIdle(now);
      if (this.nodes.size >= this.options.maxKeys) this.forgetOne(now);
      node = new Node(new BreakerCell(this.home, key, now));
      this.nodes.set(key, node);
    }
    node.usedAt = now;
    if (node.newer !== this.head) this.makeNewest(node);
    return node.cell as BreakerCell;
  }

  /** A cell has changed its state; one forgotten meanwhile, by a late result, does not count. */
  changed(cell: BreakerCell, { to }: StateChange): void {
    if (this.find(cell.key as string) !== cell) return;
    if (holdsBack({ kind: to })) this.holding.add(cell);
    else this.holding.delete(cell);
  }

  /** Two at most: more go than come. */
  private forgetIdle(now: number): void {
    for (let i = 0; i < 2; i++) {
      const oldest = this.head.newer;
      if (oldest === this.head || now - oldest.usedAt < this.options.idleMs) return;
      if (isQuiet(machineOf(oldest), now)) this.forget(oldest);
      else {
        this.makeNewest(oldest);
        oldest.usedAt = now;
      }
    }
  }

  /** The longest unused that is closed, so that a flood of new keys opens no circuit. */
  private forgetOne(now: number): void {
    this.forgottenEarly++;
    let node = this.head.newer;
    for (let looks = 0; looks < LOOKS && node !== this.head; looks++, node = node.newer) {
      if (isQuiet(machineOf(node), now)) {
        this.forget(node);
        return;
      }
    }
    this.forget(this.head.newer);
  }

  private forget(node: Node): void {
    const cell = node.cell as BreakerCell;
    this.holding.delete(cell);
    this.nodes.delete(cell.key as string);
    unlink(node);
  }

  private makeNewest(node: Node): void {
    unlink(node);
    const { head } = this;
    node.newer = head;
    node.older = head.older;
    head.older.newer = node;
    head.older = node;
  }
}

function unlink(node: Node): void {
  node.newer.older = node.older;
  node.older.newer = node.newer;
}

function machineOf(node: Node): BreakerMachine {
  return (node.cell as BreakerCell).machine;
}

/** True for a cell whose loss would let through nothing that it now holds back. */
function isQuiet(machine: BreakerMachine, now: number): boolean {
  machine.catchUp(now);
  const { state } = machine;
  if (state.kind === 'open') return now >= state.until;
  return state.kind !== 'half-open';
}
