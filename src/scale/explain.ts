/**
 * Explanations: what led to a decision, and what other settings would have decided.
 */

import type { DecisionRecord } from './controller.ts';
import type { Decision, Step } from './decision.ts';
import type { ScalingEngine } from './engine.ts';

/**
 * What another engine would have decided in the same situation. Plug-ins of the same name go on from
 * the state they had; new ones start afresh.
 */
export function whatIf(record: DecisionRecord, engine: ScalingEngine): Decision {
  return engine.decide(record.before, record.observations, record.decision.at).decision;
}

/**
 * Tells how a decision came about, one line a step.
 *
 * ```ts
 * import { type Controller, explain, type ScalingEngine } from 'tenfold/scale';
 *
 * declare const scaler: Controller;
 * declare const strict: ScalingEngine; // the same engine with tolerance 0.05
 * const last = scaler.recent().at(-1);
 * if (last !== undefined) console.log(explain(last, { 'with tolerance 0.05': strict }));
 * ```
 *
 * @param variants engines to compare with, by what distinguishes them
 */
export function explain(
  record: DecisionRecord,
  variants: Readonly<Record<string, ScalingEngine>> = {},
): string {
  const { decision } = record;
  const { previous, desired, recommended, limitedBy, nextEligibleAt, at, mode } = decision;
  const width = Math.max(0, ...decision.steps.map(({ stage }) => stage.length));
  const lines = [`${seconds(at)}: ${move(previous, desired)}`];
  for (const step of decision.steps) lines.push(`  ${stepLine(step, width)}`);
  if (desired !== recommended) lines.push(`  mode ${mode}: ${recommended} is recommended`);
  if (limitedBy !== undefined) {
    const when = nextEligibleAt === undefined ? '' : `, may move on at ${seconds(nextEligibleAt)}`;
    lines.push(`  limited by ${limitedBy}${when}`);
  }
  for (const fault of decision.faults) lines.push(`  fault: ${fault}`);
  for (const [name, engine] of Object.entries(variants)) {
    lines.push(`  ${name}: ${whatIf(record, engine).desired}`);
  }
  return lines.join('\n');
}

function stepLine({ stage, in: into, out, why }: Step, width: number): string {
  const change = out === undefined ? 'no opinion' : move(into, out);
  return `${stage.padEnd(width)}  ${change.padEnd(11)} ${why}`;
}

function move(from: number, to: number): string {
  return from === to ? `stays ${to}` : `${from} -> ${to}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
