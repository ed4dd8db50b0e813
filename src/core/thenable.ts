/** True for a promise or anything that `await` would wait for. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value instanceof Promise) return true;
  if (typeof value !== 'object' && typeof value !== 'function') return false;
  return value !== null && typeof (value as Partial<PromiseLike<unknown>>).then === 'function';
}
