/**
 * How much of the load is let in: a PI controller with hysteresis.
 *
 * Shedding begins when a signal passes its target, and ends when all have stayed well below while
 * everything was let in for a while, so that it does not flutter at the edge. In between the admitted share moves by
 * the error and by its change (the form that needs no integral to be wound back), as a factor: at ten
 * times the load a tenth more is as much as it is at twice the load.
 *
 * Source: the PI controller of Uber's Cinnamon (2023), there on the ratio of arrivals to completions;
 * ours acts on the worst signal over its target. Gains and step are the best of a search over queues
 * and event-loop delays at 1.2 to 10 times the load (docs/admission.md).
 */

/** The numbers of the controller. */
export interface ShedTuning {
  /** Relative change of the share per step and unit of error. */
  readonly integral: number;
  /** Relative change of the share per change of the error. */
  readonly proportional: number;
  /** The least share let in, so that recovery can be seen. */
  readonly leastRatio: number;
  /** Pressure below which shedding may end. */
  readonly calmRatio: number;
}

/** Steps in a row without need that end the shedding. */
const CALM_STEPS = 10;

export class ShedController {
  /** Share of the load let in, 0–1; 1 while nothing is shed. */
  admittedRatio = 1;
  isShedding = false;
  private lastError = 0;
  private calmSteps = 0;
  private readonly tuning: ShedTuning;

  constructor(tuning: ShedTuning) {
    this.tuning = tuning;
  }

  /** Takes in the pressure: worst signal over its target. */
  step(pressure: number): void {
    const { integral, proportional, leastRatio, calmRatio } = this.tuning;
    if (!this.isShedding && pressure <= 1) return;
    // One wild reading must not shut the door: an error counts for one at most.
    const error = Math.max(-1, Math.min(1, 1 - pressure));
    const before = this.isShedding ? this.lastError : 0;
    this.isShedding = true;
    this.lastError = error;
    const factor = Math.exp(proportional * (error - before) + integral * error);
    this.admittedRatio = Math.max(leastRatio, Math.min(1, this.admittedRatio * factor));
    const isCalm = this.admittedRatio === 1 && pressure < calmRatio;
    this.calmSteps = isCalm ? this.calmSteps + 1 : 0;
    if (this.calmSteps >= CALM_STEPS) this.reset();
  }

  /** As if there had never been an overload. */
  reset(): void {
    this.admittedRatio = 1;
    this.isShedding = false;
    this.calmSteps = 0;
  }
}
