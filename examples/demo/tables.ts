/** The tables of the demo, for terminal and report alike. */
import type { Column, Row, Table } from 'tenfold/dashboard';
import { type Guard, GUARD_TEXTS } from './guards.ts';
import type { RunResult } from './results.ts';

/** Colour slots of the wirings; the same in every table and chart. */
export const WIRING_COLORS: Readonly<Record<string, number>> = { bare: 0, elastic: 1, guarded: 2 };

const COLUMNS: readonly (Column & { readonly of: (result: RunResult) => number })[] = [
  { label: 'goodput', unit: 'ratio', better: 'higher', bar: true, of: (r) => r.goodput },
  { label: 'p50', unit: 'ms', better: 'lower', of: (r) => r.latencyMs.p50 },
  { label: 'p95', unit: 'ms', better: 'lower', of: (r) => r.latencyMs.p95 },
  { label: 'p99', unit: 'ms', better: 'lower', of: (r) => r.latencyMs.p99 },
  { label: 'late', unit: 'count', better: 'lower', of: (r) => r.late },
  { label: 'rejected', unit: 'count', of: (r) => r.rejected },
  { label: 'expired', unit: 'count', of: (r) => r.expired },
  { label: 'failed', unit: 'count', of: (r) => r.failed },
  { label: 'in vain', unit: 'hours', better: 'lower', of: (r) => r.vainHours },
  { label: 'peak', unit: 'count', of: (r) => r.workers.peak },
  { label: 'mean', unit: 'number', of: (r) => r.workers.mean },
  { label: 'worker-h', unit: 'hours', of: (r) => r.workers.hours },
];

/** All runs, grouped by load. */
export function resultTable(results: readonly RunResult[]): Table {
  return {
    kind: 'table',
    title: 'Three wirings, side by side',
    caption:
      'Goodput: answers within their deadline ÷ offered. p50, p95, p99: latency of all answered requests, late ones included. in vain: hours that callers waited for what was refused, lost or late in the end. peak, mean, worker-h: workers until the last request is settled.',
    rowHeading: 'wiring',
    columns: COLUMNS.map(({ of: _, ...column }) => column),
    rows: results.map((result): Row => {
      const color = WIRING_COLORS[result.wiring];
      return {
        label: result.wiring,
        group: `${result.scale}× load, ${result.offered.toLocaleString('en')} requests`,
        cells: COLUMNS.map(({ of }) => of(result)),
        ...(color === undefined ? {} : { color }),
      };
    }),
  };
}

/** Who gets the goodput: services, and the small tenants. */
export function partsTable(results: readonly RunResult[]): Table {
  const services = Object.keys(results[0]?.services ?? {});
  return {
    kind: 'table',
    title: 'Goodput by service and for small tenants',
    caption: 'Small tenants: the smallest ones, who together send a quarter of the requests.',
    rowHeading: 'wiring',
    columns: [...services, 'small tenants'].map((label): Column => ({
      label,
      unit: 'ratio',
      better: 'higher',
      bar: true,
    })),
    rows: results.map((result) => ({
      label: result.wiring,
      group: `${result.scale}× load`,
      color: WIRING_COLORS[result.wiring] ?? 7,
      cells: [...services.map((name) => result.services[name] ?? null), result.smallTenants],
    })),
  };
}

/** The guarded wiring, and what changes without each guard. */
export interface Shares {
  readonly guarded: RunResult;
  readonly without: readonly { readonly guard: Guard; readonly result: RunResult }[];
}

/** What changes when one guard is switched off. */
export function sharesTable({ guarded, without }: Shares): Table {
  return {
    kind: 'table',
    title: `What each guard brings, at ${guarded.scale}×`,
    caption: `Each row is the guarded wiring with one guard switched off, against all guards (goodput ${(guarded.goodput * 100).toFixed(1)}%).`,
    rowHeading: 'without',
    columns: [
      { label: 'goodput', unit: 'points', signed: true },
      { label: 'code', unit: 'points', signed: true },
      { label: 'small tenants', unit: 'points', signed: true },
      { label: 'p99', unit: 'ms' },
      { label: 'waited in vain', unit: 'hours', signed: true },
      { label: 'worker-h', unit: 'hours', signed: true },
      { label: '' },
    ],
    rows: without.map(({ guard, result }) => ({
      label: guard,
      cells: [
        result.goodput - guarded.goodput,
        (result.services['code'] ?? NaN) - (guarded.services['code'] ?? NaN),
        result.smallTenants - guarded.smallTenants,
        result.latencyMs.p99,
        result.vainHours - guarded.vainHours,
        result.workers.hours - guarded.workers.hours,
        GUARD_TEXTS[guard],
      ],
    })),
  };
}
