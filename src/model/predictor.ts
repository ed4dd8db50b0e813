/** What every predictor offers: pure functions over a state that is plain JSON. */

/**
 * Predicts a series of equally spaced values, one interval at a time.
 *
 * State is plain JSON, a few numbers per slot of the season however long the history. A predictor
 * of one's own needs these four members; {@link forecaster} makes quantiles of it.
 */
export interface Predictor<State> {
  /** Intervals in the season it looks back over; 1 when it has none. */
  readonly period: number;
  /** The state before anything was seen. */
  start(): State;
  /**
   * The state after one more interval. `null` is a gap: a value that is missing or not to be
   * learned from. Time moves on, nothing else does; a gap is never a zero.
   */
  update(state: State, value: number | null): State;
  /** The value expected `ahead` intervals (1 or more) after the last one; null when unknown yet. */
  predict(state: State, ahead: number): number | null;
}
