import fc from 'fast-check';
import type { ShardNode } from '../../src/shard/index.ts';

/** Nodes `n0`, `n1`, … of weight 1. */
export function nodes(count: number, from = 0): ShardNode[] {
  return Array.from({ length: count }, (_, at) => ({ id: `n${from + at}` }));
}

/** Keys `key 0`, `key 1`, … */
export function keys(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `key ${at}`);
}

/** One to ten nodes with names and weights of any kind. */
export const anyNodes: fc.Arbitrary<ShardNode[]> = fc.uniqueArray(
  fc.record({
    id: fc.string({ minLength: 1, unit: 'binary' }),
    weight: fc.constantFrom(0.5, 1, 1, 2, 7),
    zone: fc.constantFrom('a', 'b', 'c'),
  }),
  { minLength: 1, maxLength: 10, selector: ({ id }) => id },
);

/** Any string, lone surrogates included. */
export const anyKey: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.nat(0xffff), { maxLength: 12 }).map((codes) => String.fromCharCode(...codes)),
);
