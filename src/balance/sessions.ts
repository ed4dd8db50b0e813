/**
 * Which endpoint each session is kept at, for hours, within a bound.
 *
 * A session's home is the endpoint that gave its first good answer: until then a failure gives the home
 * up, and an answer from elsewhere (a retry, a hedge) moves it there.
 */

import type { EndpointRecord } from './endpoint-record.ts';
import type { StickyOptions, Verdict } from './types.ts';

interface Session<T> {
  readonly home: EndpointRecord<T>;
  /** Idle too long then, unless it is used before or a call of it is in flight. */
  until: number;
  /** Calls in flight at home. */
  inFlight: number;
  /** Whether home has answered it well. */
  isSettled: boolean;
}

export class Sessions<T> {
  private readonly idleMs: number;
  private readonly most: number;
  /** By name, the latest used last; so are the names kept with each endpoint. */
  private readonly sessions = new Map<string, Session<T>>();

  constructor({ idleMs, sessions }: Required<StickyOptions>) {
    this.idleMs = idleMs;
    this.most = sessions;
  }

  get size(): number {
    return this.sessions.size;
  }

  /** The endpoint of a session, where that may still serve it. */
  find(name: string, now: number): EndpointRecord<T> | undefined {
    const known = this.sessions.get(name);
    if (known === undefined) return undefined;
    const { home, until, inFlight } = known;
    // A draining endpoint keeps its sessions; one that is gone or unwell does not.
    const serves = !home.isGone && (home.isWell || home.isFrail);
    return serves && (inFlight > 0 || now < until) ? home : undefined;
  }

  /** A call of the session was sent to an endpoint, which is its home from now on unless it has one. */
  sent(name: string, to: EndpointRecord<T>, now: number): void {
    if (this.find(name, now) === undefined) {
      this.end(name);
      this.use(name, { home: to, until: 0, inFlight: 0, isSettled: false }, now);
    }
    const session = this.sessions.get(name)!;
    if (session.home === to) session.inFlight++;
    this.use(name, session, now);
    this.expire(now);
    if (this.sessions.size <= this.most) return;
    const [oldest] = this.sessions.keys();
    this.end(oldest!);
  }

  /** A call of the session has ended there; undefined: it says nothing of the endpoint. */
  ended(name: string, at: EndpointRecord<T>, verdict: Verdict | undefined, now: number): void {
    const known = this.sessions.get(name);
    if (known === undefined) return;
    if (known.home === at) {
      known.inFlight = Math.max(0, known.inFlight - 1);
      this.use(name, known, now);
    }
    if (known.isSettled || verdict === undefined || verdict === 'ignored') return;
    if (verdict === 'success') this.settle(name, known, at, now);
    else if (known.home === at) this.end(name);
  }

  private settle(name: string, session: Session<T>, at: EndpointRecord<T>, now: number): void {
    session.isSettled = true;
    if (session.home === at || at.isGone) return;
    this.end(name);
    this.use(name, { home: at, until: 0, inFlight: 0, isSettled: true }, now);
  }

  /** Forgets a session. */
  end(name: string): void {
    const known = this.sessions.get(name);
    if (known === undefined) return;
    this.sessions.delete(name);
    known.home.sessions.delete(name);
    known.home.drain?.look();
  }

  /** Forgets the sessions that have been idle too long: those at the front, as all may be idle as long. */
  expire(now: number): void {
    for (const [name, session] of this.sessions) {
      if (session.until > now) return;
      if (session.inFlight > 0) this.use(name, session, now);
      else this.end(name);
    }
  }

  /** When the first session of an endpoint will have been idle too long. */
  nextEnd({ sessions }: EndpointRecord<T>): number {
    const [first] = sessions;
    return first === undefined ? Infinity : this.sessions.get(first)!.until;
  }

  /** Forgets every session, or every one of an endpoint. */
  clear(record?: EndpointRecord<T>): void {
    for (const name of [...(record?.sessions ?? this.sessions.keys())]) this.end(name);
  }

  private use(name: string, session: Session<T>, now: number): void {
    session.until = now + this.idleMs;
    this.sessions.delete(name);
    this.sessions.set(name, session);
    session.home.sessions.delete(name);
    session.home.sessions.add(name);
  }
}
