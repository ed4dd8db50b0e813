/**
 * A back-test as a report: plain data in the shape of the one report writer, which the caller hands it
 * to (`writeReport` of `tenfold/dashboard`); this module does not know it.
 */

import type { BacktestResult, BacktestRow } from './backtest.ts';
import { backtestComparison } from './comparison.ts';
import type { BacktestReport, FigureUnit, ReportLines, ReportTable } from './report-shape.ts';
import type { Score } from './score.ts';

/** The columns of the table, in reading order: what users feel, what it costs, how calm it is. */
const COLUMNS: readonly (readonly [
  figure: keyof Score,
  label: string,
  unit: FigureUnit,
  better?: 'higher' | 'lower',
])[] = [
  ['underTime', 'lacking, time', 'ratio', 'lower'],
  ['underShare', 'lacking, share', 'ratio', 'lower'],
  ['overloadedRatio', 'overloaded calls', 'ratio', 'lower'],
  ['waitP99Ms', 'wait p99', 'ms', 'lower'],
  ['costRatio', 'cost ÷ demand', 'times', 'lower'],
  ['regret', 'cost over oracle', 'ratio', 'lower'],
  ['overTime', 'too many, time', 'ratio', 'lower'],
  ['overShare', 'too many, share', 'ratio', 'lower'],
  ['changesPerHour', 'changes per hour', 'number', 'lower'],
  ['instability', 'instability', 'ratio', 'lower'],
  // Best near 0: below it the fleet misses moves of the demand.
  ['jitterPerHour', 'jitter per hour', 'number'],
  ['elasticSpeedUp', 'elastic speed-up', 'times', 'higher'],
];

export interface BacktestReportOptions {
  /** The command that makes the report again. */
  readonly command: string;
  /** @default 'Back-test of scaling policies' */
  readonly title?: string;
  /** Policy that the others are compared with, in a table of its own. @default no comparison */
  readonly baseline?: string;
}

/** Describes a back-test. */
export function backtestReport(
  result: BacktestResult,
  options: BacktestReportOptions,
): BacktestReport {
  const { startupMs, capacity, everyMs, utilisation, waitLimitMs } = result.options;
  const policies = new Set(result.rows.map(({ policy }) => policy)).size;
  return {
    title: options.title ?? 'Back-test of scaling policies',
    subtitle: `${counted(policies, 'policy', 'policies')} on ${counted(result.traces.length, 'trace', 'traces')}, units take ${startupMs / 1000} s to start`,
    blocks: [
      charts(result),
      ...(options.baseline === undefined ? [] : [backtestComparison(result, options.baseline)]),
      backtestTable(result),
    ],
    provenance: {
      command: options.command,
      facts: {
        'start-up time': `${startupMs / 1000} s`,
        'load a unit carries': `${capacity}/s at ${utilisation * 100} % of its power`,
        'time between decisions': `${everyMs / 1000} s`,
        'overloaded beyond a wait of': `${waitLimitMs} ms`,
      },
    },
  };
}

/** The table alone; `tableText` of `tenfold/dashboard` prints it on a terminal. */
export function backtestTable(result: BacktestResult): ReportTable {
  return {
    kind: 'table',
    title: 'Policies by trace',
    caption:
      'Time and share in which units were lacking or too many; calls that waited too long; what was paid over what was needed, and over what an oracle pays that lacks nothing.',
    rowHeading: 'policy',
    columns: COLUMNS.map(([, label, unit, better]) => ({
      label,
      unit,
      ...(better === undefined ? {} : { better }),
    })),
    rows: result.rows.map(({ trace, policy, score }) => ({
      label: policy,
      group: trace,
      cells: COLUMNS.map(([figure]) => score[figure]),
    })),
  };
}

function charts(result: BacktestResult): BacktestReport['blocks'][number] {
  return {
    kind: 'tabs',
    label: 'trace',
    tabs: result.traces.map((trace) => ({
      label: trace.name,
      blocks: [
        chart(
          trace,
          result.rows.filter((row) => row.trace === trace.name),
        ),
      ],
    })),
  };
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

const HOUR = 3_600_000;

function chart(trace: BacktestResult['traces'][number], rows: readonly BacktestRow[]): ReportLines {
  const { demand, everyMs } = trace;
  const end = (demand.length * everyMs) / HOUR;
  return {
    kind: 'lines',
    title: `Units over time: ${trace.name}`,
    caption: 'What is needed, and what each policy had ready.',
    x: { label: 'hours', unit: 'hours' },
    y: { label: 'units', unit: 'count' },
    series: [
      {
        name: 'needed',
        x: demand.map((_, i) => (i * everyMs) / HOUR),
        y: demand,
        style: 'area',
      },
      ...rows.map(({ policy, supply }) => ({
        name: policy,
        x: [...supply.map(({ at }) => at / HOUR), end],
        y: [...supply.map(({ ready }) => ready), supply.at(-1)?.ready ?? 0],
        style: 'step' as const,
      })),
    ],
  };
}
