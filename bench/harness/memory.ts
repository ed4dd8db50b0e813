// Bytes held by a structure, for scenarios. Needs --expose-gc, which the harness gives.

/**
 * Bytes that what `build` returns keeps alive: heap, array buffers and other external memory.
 * Build something large (megabytes), the noise of the heap is some tens of kilobytes.
 */
export async function bytesHeld(build: () => unknown): Promise<number> {
  const before = await settled();
  const held = await build();
  const bytes = (await settled()) - before;
  // Read after the measurement, so that it cannot have been collected before.
  if (held === undefined) throw new Error('build returned nothing to keep alive');
  return bytes;
}

async function settled(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    // Finalizers and freed buffers are accounted for in a later turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
