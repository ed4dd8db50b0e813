/**
 * Decisions: what the engine answers, and the trace that explains it.
 */

/**
 * - `on`: decisions are carried out.
 * - `scaleOutOnly`: the fleet may grow, never shrink; one above `bounds.max` stays there.
 * - `recommend`: decides, explains and records; nothing is carried out.
 * - `off`: asks for nothing.
 */
export type ScalingMode = 'on' | 'scaleOutOnly' | 'recommend' | 'off';

/** What one policy or stage did. */
export interface Step {
  /** `policy cpu`, `combine`, a stage's name, `bounds`, `mode`. */
  readonly stage: string;
  /** Units before. */
  readonly in: number;
  /** Units after; undefined when a policy had no opinion. */
  readonly out: number | undefined;
  readonly why: string;
}

/** One decision. Plain JSON. */
export interface Decision {
  /** On the engine's time axis, in ms. */
  readonly at: number;
  /** Units asked for before. */
  readonly previous: number;
  /** Units to ask for now. */
  readonly desired: number;
  /** What the policies called for, before stages and bounds. */
  readonly proposed: number;
  /** What would be asked for in mode `on`. */
  readonly recommended: number;
  readonly mode: ScalingMode;
  /** True when no policy could say what is needed, so that `proposed` is only what there was. */
  readonly blind: boolean;
  /** Every policy, the combiner, and whoever changed the wish. */
  readonly steps: readonly Step[];
  /** Whoever last kept `recommended` from being `proposed`. */
  readonly limitedBy: string | undefined;
  /** When that limit may let go, in ms on the engine's axis. */
  readonly nextEligibleAt: number | undefined;
  /** What plug-ins threw; such a policy had no opinion, such a stage changed nothing. */
  readonly faults: readonly string[];
}

/** A figure with three or four significant digits, as traces print it. */
export function show(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(Math.abs(value) >= 1000 ? 6 : 4)));
}
