/** Which endpoint each session is kept at, for hours, within a bound. */

import type { EndpointRecord } from './endpoint-record.ts';
import type { StickyOptions } from './types.ts';

interface Session<T> {
  readonly record: EndpointRecord<T>;
  /** Forgotten then, unless it is used before. */
  until: number;
}

export class Sessions<T> {
  private readonly idleMs: number;
  private readonly most: number;
  /** The latest used last. */
  private readonly sessions = new Map<string, Session<T>>();

  constructor({ idleMs, sessions }: Required<StickyOptions>) {
    this.idleMs = idleMs;
    this.most = sessions;
  }

  get size(): number {
    return this.sessions.size;
  }

  /** The endpoint of a session, where that may still serve it. */
  find(session: string, now: number): EndpointRecord<T> | undefined {
    const known = this.sessions.get(session);
    if (known === undefined) return undefined;
    const { record, until } = known;
    // A draining endpoint keeps its sessions; one that is gone or unwell does not.
    const serves = !record.isGone && (record.isWell || record.isFrail);
    return now < until && serves ? record : undefined;
  }

  /** Keeps a session at an endpoint from now on. */
  keep(session: string, record: EndpointRecord<T>, now: number): void {
    this.end(session, record);
    this.sessions.set(session, { record, until: now + this.idleMs });
    record.sessions++;
    if (this.sessions.size <= this.most) return;
    const [oldest] = this.sessions.keys();
    this.end(oldest!);
  }

  /** A call of the session has ended: its idle time begins. */
  touch(session: string, record: EndpointRecord<T>, now: number): void {
    const known = this.sessions.get(session);
    if (known?.record === record) known.until = now + this.idleMs;
  }

  /** @param except where it goes on, so that no drain takes it for ended */
  end(session: string, except?: EndpointRecord<T>): void {
    const known = this.sessions.get(session);
    if (known === undefined) return;
    this.sessions.delete(session);
    known.record.sessions--;
    if (known.record !== except) known.record.drained?.();
  }

  /** Forgets the sessions of an endpoint that have been idle too long; when the next one will have been. */
  expire(record: EndpointRecord<T>, now: number): number {
    let next = Infinity;
    for (const [name, session] of this.sessions) {
      if (session.record !== record) continue;
      if (session.until <= now) this.end(name);
      else next = Math.min(next, session.until);
    }
    return next;
  }

  /** Forgets every session of an endpoint. */
  leave(record: EndpointRecord<T>): void {
    for (const [name, session] of this.sessions) if (session.record === record) this.end(name);
  }
}
