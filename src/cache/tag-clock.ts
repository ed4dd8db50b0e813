/**
 * When tags were invalidated, on a logical clock of this process: a counter, no time.
 *
 * Whoever reads or loads notes the clock first; what he brings is stale if one of its tags was
 * invalidated at a later count. Only tags that were invalidated take room, and no more than `LIMIT`:
 * beyond it the oldest are forgotten, and everything tagged that is as old as they are counts as stale.
 */

const LIMIT = 10_000;

/** The tags of an entry, and the count its value is from. */
export interface TagMark {
  readonly tags: readonly string[];
  readonly at: number;
}

/** The logical clock of invalidations. */
export interface TagClock {
  /** The count now. */
  readonly now: number;
  /** Invalidates a tag: everything marked until now. */
  invalidate(tag: string): void;
  /** True if none of the tags was invalidated since the mark. */
  isCurrent(mark: TagMark): boolean;
  /** The first tag that was. */
  staleTag(mark: TagMark): string | undefined;
}

/** Makes a clock at 0. */
export function tagClock(limit: number = LIMIT): TagClock {
  /** In order of invalidation, oldest first. */
  const invalidated = new Map<string, number>();
  let now = 0;
  let forgotten = 0;

  const staleTag = (mark: TagMark): string | undefined => {
    if (mark.tags.length > 0 && mark.at < forgotten) return mark.tags[0];
    return mark.tags.find((tag) => (invalidated.get(tag) ?? 0) > mark.at);
  };
  return {
    get now() {
      return now;
    },
    invalidate: (tag) => {
      invalidated.delete(tag);
      invalidated.set(tag, ++now);
      if (invalidated.size <= limit) return;
      const [oldest] = invalidated as unknown as Iterable<[string, number]>;
      invalidated.delete((oldest as [string, number])[0]);
      forgotten = (oldest as [string, number])[1];
    },
    isCurrent: (mark) =>
      mark.at === now ||
      (mark.at >= forgotten && !mark.tags.some((tag) => (invalidated.get(tag) ?? 0) > mark.at)),
    staleTag,
  };
}
