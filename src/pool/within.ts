/** A time limit on what a callback of the user's answers. */

import type { Alarm, Runtime } from '../core/index.ts';

/**
 * Settles as `answer` does, or rejects with what `tooLong` makes when that has not come after `ms`;
 * Infinity waits without end.
 */
export async function within<T>(
  answer: Promise<T>,
  { ms, runtime, tooLong }: { ms: number; runtime: Runtime; tooLong: () => Error },
): Promise<T> {
  if (ms === Infinity) return answer;
  const limit: Alarm = { alarmId: -1, ring: () => undefined };
  const end = new Promise<never>((_resolve, reject) => {
    limit.ring = () => reject(tooLong());
    runtime.arm(limit, ms);
  });
  try {
    return await Promise.race([answer, end]);
  } finally {
    runtime.disarm(limit);
  }
}
