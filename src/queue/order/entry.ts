/** What stands in a line. */

import type { Call } from '../../core/index.ts';

/** Something that waits. Its links belong to the place where it stands. */
export interface Entry {
  readonly call: Call;
  /** Greater is more urgent. Changed only while it stands nowhere. */
  priority: number;
  /** Rank of coming into line, 1, 2, 3, …: kept from then on, so that it keeps its place among equals. */
  readonly rank: number;
  /** When it came into line, in ms; 0 in a queue that has no use for the time. */
  readonly arrivedAt: number;
  /** Where it stands; undefined when it stands nowhere. */
  lane: EntryLane | undefined;
  previous: Entry | undefined;
  next: Entry | undefined;
  /** Id among those that came back to a lane; -1 in the list. */
  returnId: number;
}

/** The lane an entry stands in, as seen from the entry. */
export interface EntryLane {
  /** Takes `entry`, which stands here, out. */
  remove(entry: Entry): void;
  /** Who of this lane arrived first. */
  readonly oldest: Entry | undefined;
  /** How many of the whole order go before `entry`, which stands here. */
  countAhead(entry: Entry): number;
}
