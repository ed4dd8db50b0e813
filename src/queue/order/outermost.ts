/** Finds the fair places of an order: one for each priority and lot, or only one. */

import { Fair } from './fair.ts';
import { Levels } from './levels.ts';
import { Lots } from './lots.ts';
import type { Place } from './place.ts';

/** The places at and below `place` that share between outermost flows. */
export function* outermost(place: Place): Iterable<Fair> {
  if (place instanceof Fair) yield place;
  else if (place instanceof Levels || place instanceof Lots) {
    for (const below of place.places()) yield* outermost(below);
  }
}
