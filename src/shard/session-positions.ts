/**
 * What sessions have written and read, so that they never read what is older.
 */

/** A position in the primary's log: a number or a bigint that grows, such as PostgreSQL's LSN. */
export type LogPosition = number | bigint;

/** One session. */
export interface SessionPosition {
  /** What a replica must have seen. */
  readonly position: LogPosition | undefined;
  /** The primary alone may be read until then, `now()`'s axis. */
  readonly primaryUntil: number;
  /** The replica it read from last. */
  readonly replica: string | undefined;
}

/** The sessions of a process, the longest unused of which is forgotten. */
export function sessionPositions(most: number): {
  of(session: string): SessionPosition | undefined;
  wrote(session: string, position: LogPosition | undefined, primaryUntil: number): void;
  read(session: string, replica: { id: string; position: LogPosition | undefined }): void;
} {
  const sessions = new Map<string, SessionPosition>();
  const put = (session: string, change: Partial<SessionPosition>): void => {
    const old = sessions.get(session);
    sessions.delete(session); // to the end of the order
    sessions.set(session, {
      position: later(old?.position, change.position),
      primaryUntil: Math.max(old?.primaryUntil ?? 0, change.primaryUntil ?? 0),
      replica: change.replica ?? old?.replica,
    });
    if (sessions.size > most) sessions.delete(sessions.keys().next().value!);
  };
  return {
    of: (session) => sessions.get(session),
    wrote: (session, position, primaryUntil) => put(session, { position, primaryUntil }),
    read: (session, { id, position }) => put(session, { replica: id, position }),
  };
}

/** The later of two positions, where known. */
export function later(
  a: LogPosition | undefined,
  b: LogPosition | undefined,
): LogPosition | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
}
