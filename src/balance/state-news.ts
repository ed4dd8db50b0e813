/**
 * Tells listeners how endpoints stand, once the change that it comes from is complete: a listener may
 * change endpoints in turn, and is not to meet half a change.
 */

import type { Emitter } from '../core/index.ts';
import type { BalancerEvents } from './types.ts';

export class StateNews {
  private readonly events: Emitter<BalancerEvents>;
  private readonly waiting: BalancerEvents['state'][] = [];
  /** Whether what is added waits: a change goes on, or listeners are being told. */
  private isHeld = false;

  constructor(events: Emitter<BalancerEvents>) {
    this.events = events;
  }

  add(event: BalancerEvents['state']): void {
    if (event.from === event.to || !this.events.has('state')) return;
    this.waiting.push(event);
    if (!this.isHeld) this.tell();
  }

  /** Makes a change of several parts, and then tells of all of them. */
  after(change: () => void): void {
    if (this.isHeld) return change();
    this.isHeld = true;
    try {
      change();
    } finally {
      this.tell();
    }
  }

  private tell(): void {
    this.isHeld = true;
    for (let event = this.waiting.shift(); event !== undefined; event = this.waiting.shift()) {
      this.events.emit('state', event);
    }
    this.isHeld = false;
  }
}
