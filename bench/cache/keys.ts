// Keys as services see them: few are asked for often, by Zipf's law with exponent 0.99.
import { seededRandom, zipf } from '../../src/core/index.ts';

export const keyName = (id: number): string => `user:${id}`;

/** 2^17 draws out of `count` keys; equal for equal counts. */
export function zipfKeys(count: number): readonly string[] {
  const draw = zipf(count, 0.99);
  const random = seededRandom('cache keys');
  const names = Array.from({ length: count }, (_, id) => keyName(id));
  return Array.from({ length: 2 ** 17 }, () => names[draw(random)] as string);
}
