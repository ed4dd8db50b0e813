/**
 * How fast a line moves: mean and spread of the time between starts, while somebody waits. From that
 * follows when the n-th in line will start, and how sure that is.
 *
 * Starts are told in batches, since reading the clock for each costs more than starting. With steps of
 * mean m and variance v, n steps take n·m, with standard error √(n·v).
 */

import type { StartEstimate } from './task.ts';

export class Pace {
  private meanMs = 0;
  private variance = 0;
  private steps = 0;
  private lastAt = 0;
  /** False after the line was empty: the time since then was no waiting. */
  private isMoving = false;

  /** `starts` have happened since the last time. */
  moved(starts: number, now: number): void {
    if (this.isMoving && starts > 0) this.learn((now - this.lastAt) / starts, starts);
    this.lastAt = now;
    this.isMoving = true;
  }

  /** The line is empty. */
  stopped(): void {
    this.isMoving = false;
  }

  /** When somebody with `ahead` before him will start; undefined while too little is known. */
  estimate(ahead: number): StartEstimate | undefined {
    if (this.steps < ENOUGH_STEPS) return undefined;
    const steps = ahead + 1;
    return { inMs: steps * this.meanMs, errorMs: 2 * Math.sqrt(steps * this.variance) };
  }

  private learn(stepMs: number, starts: number): void {
    this.steps += starts;
    const weight = Math.max(starts / this.steps, 1 - (KEPT[starts] ?? (1 - NEWEST) ** starts));
    const offBy = stepMs - this.meanMs;
    this.meanMs += weight * offBy;
    // The mean of n steps varies n times less than one step.
    this.variance = (1 - weight) * (this.variance + weight * starts * offBy * offBy);
  }
}

/** Weight of the newest step. */
const NEWEST = 0.02;
const ENOUGH_STEPS = 10;
/** Weight of what came before, by the number of new steps; raising to a power costs more than a start. */
const KEPT: readonly number[] = Array.from({ length: 9 }, (_, starts) => (1 - NEWEST) ** starts);
