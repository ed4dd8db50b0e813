/**
 * A persistent array of slots: setting one shares all but a small part with the array before, so
 * that the pure update of a season of 10,080 minutes does not copy 10,080 numbers.
 */

/** Slots in chunks; plain JSON. `null` is a slot that holds nothing. */
export type SlotArray = readonly (readonly (number | null)[])[];

const CHUNK = 64;

/** `length` slots that hold nothing. */
export function emptySlots(length: number): SlotArray {
  const chunks: null[][] = [];
  for (let at = 0; at < length; at += CHUNK) {
    chunks.push(Array<null>(Math.min(CHUNK, length - at)).fill(null));
  }
  return chunks;
}

/** The slot at an index; null when it holds nothing. O(1). */
export function slotAt(slots: SlotArray, index: number): number | null {
  return slots[Math.floor(index / CHUNK)]?.[index % CHUNK] ?? null;
}

/** The same slots but for one. O(√length) for the lengths of seasons. */
export function withSlot(slots: SlotArray, index: number, value: number | null): SlotArray {
  const at = Math.floor(index / CHUNK);
  const chunk = (slots[at] ?? []).slice();
  chunk[index % CHUNK] = value;
  const changed = slots.slice();
  changed[at] = chunk;
  return changed;
}
