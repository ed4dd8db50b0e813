/**
 * A back-test against a baseline: for each policy and trace, what users feel and what it costs, before
 * and after.
 */

import { optionChecks } from '../../core/index.ts';
import type { BacktestResult } from './backtest.ts';
import type { ReportTable } from './report-shape.ts';
import type { Score } from './score.ts';

/** Calls that waited too long are few: counted in so many. */
const CALLS = 100_000;

/**
 * Compares policies with one of them, trace by trace and in the mean over all; `tableText` of
 * `tenfold/dashboard` prints it.
 *
 * @param policies those compared; default: all others
 * @throws OptionError (`ERR_OPTION`) for a name that was not in the back-test
 */
export function backtestComparison(
  result: BacktestResult,
  baseline: string,
  policies: readonly string[] = [],
): ReportTable {
  const check = optionChecks('backtestComparison');
  const names = [...new Set(result.rows.map(({ policy }) => policy))];
  for (const name of [baseline, ...policies]) check.oneOf('policies', name, names);
  const scoreOf = (trace: string, policy: string): Score =>
    result.rows.find((row) => row.trace === trace && row.policy === policy)?.score as Score;
  const compared = policies.length > 0 ? policies : names.filter((name) => name !== baseline);
  return {
    kind: 'table',
    title: `Against ${baseline}`,
    caption: `Time in which units were lacking, calls in 100,000 that waited too long, and the bill: ${baseline} first.`,
    rowHeading: 'trace',
    columns: [
      { label: 'lacking before', unit: 'ratio' },
      { label: 'after', unit: 'ratio' },
      { label: 'overloaded before', unit: 'count' },
      { label: 'after', unit: 'count' },
      { label: 'cost', unit: 'ratio', signed: true },
    ],
    rows: compared.flatMap((policy) => {
      const pairs = result.traces.map(({ name }) =>
        cellsOf(scoreOf(name, baseline), scoreOf(name, policy)),
      );
      const rows = result.traces.map(({ name }, i) => ({
        label: name,
        group: policy,
        cells: pairs[i] as readonly number[],
      }));
      if (pairs.length < 2) return rows;
      return [...rows, { label: 'mean of all', group: policy, cells: meanOf(pairs) }];
    }),
  };
}

function cellsOf(base: Score, ours: Score): readonly number[] {
  return [
    base.underTime,
    ours.underTime,
    base.overloadedRatio * CALLS,
    ours.overloadedRatio * CALLS,
    ours.costRatio / base.costRatio - 1,
  ];
}

function meanOf(rows: readonly (readonly number[])[]): readonly number[] {
  const first = rows[0] as readonly number[];
  return first.map((_, i) => rows.reduce((sum, row) => sum + (row[i] as number), 0) / rows.length);
}
