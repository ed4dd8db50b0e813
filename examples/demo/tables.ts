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
        group: loadOf(result),
        cells: COLUMNS.map(({ of }) => of(result)),
        ...(color === undefined ? {} : { color }),
      };
    }),
  };
}

/** The load of a run, and its budget where it has one. */
function loadOf({ scale, offered, budget }: RunResult): string {
  const load = `${scale}× load, ${offered.toLocaleString('en')} requests`;
  return budget === null ? load : `${load}, at most ${budget} workers`;
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
      group: loadOf(result),
      color: WIRING_COLORS[result.wiring] ?? 7,
      cells: [...services.map((name) => result.services[name] ?? null), result.smallTenants],
    })),
  };
}

/** The guarded wiring in one situation, and what changes without each guard. */
export interface Shares {
  readonly guarded: RunResult;
  readonly without: readonly { readonly guard: Guard; readonly result: RunResult }[];
}

/** What changes when one guard is switched off: in every situation, then in the last one in detail. */
export function shareTables(shares: readonly Shares[]): Table[] {
  const last = shares[shares.length - 1];
  if (last === undefined) return [];
  if (shares.length === 1) return [detailTable(last)];
  const goodput = situationTable(shares, {
    title: 'What each guard brings: goodput',
    caption: 'Each row is the guarded wiring with one guard switched off, against all guards.',
    unit: 'points',
    of: (result) => result.goodput,
  });
  const vain = situationTable(shares, {
    title: 'What each guard brings: hours that callers wait in vain',
    caption: 'As above: what is added without the guard.',
    unit: 'hours',
    of: (result) => result.vainHours,
  });
  return [goodput, vain, detailTable(last)];
}

/** Where a run took place, in a few words. */
export function situationOf({ scale, budget }: RunResult): string {
  return budget === null ? `${scale}×` : `${scale}×, ${budget} workers`;
}

/** One figure of every guard in every situation. */
function situationTable(
  shares: readonly Shares[],
  {
    of,
    unit,
    ...words
  }: Pick<Table, 'title' | 'caption'> &
    Required<Pick<Column, 'unit'>> & { readonly of: (result: RunResult) => number },
): Table {
  const [first] = shares;
  return {
    kind: 'table',
    ...words,
    rowHeading: 'without',
    columns: [
      ...shares.map(({ guarded }): Column => ({ label: situationOf(guarded), unit, signed: true })),
      { label: '' },
    ],
    rows: (first?.without ?? []).map(({ guard }, g) => ({
      label: guard,
      cells: [
        ...shares.map(({ guarded, without }) => {
          const result = without[g]?.result;
          return result === undefined ? null : of(result) - of(guarded);
        }),
        GUARD_TEXTS[guard],
      ],
    })),
  };
}

/** All that changes in one situation when one guard is switched off. */
function detailTable({ guarded, without }: Shares): Table {
  return {
    kind: 'table',
    title: `What each guard brings, at ${situationOf(guarded)}`,
    caption: `Each row is the guarded wiring with one guard switched off, against all guards (goodput ${(guarded.goodput * 100).toFixed(1)}%).`,
    rowHeading: 'without',
    columns: [
      { label: 'goodput', unit: 'points', signed: true },
      ...Object.keys(guarded.services).map((label): Column => ({
        label,
        unit: 'points',
        signed: true,
      })),
      { label: 'small tenants', unit: 'points', signed: true },
      { label: 'p99', unit: 'ms' },
      { label: 'waited in vain', unit: 'hours', signed: true },
      { label: 'worker-h', unit: 'hours', signed: true },
    ],
    rows: without.map(({ guard, result }) => ({
      label: guard,
      cells: [
        result.goodput - guarded.goodput,
        ...Object.keys(guarded.services).map(
          (name) => (result.services[name] ?? NaN) - (guarded.services[name] ?? NaN),
        ),
        result.smallTenants - guarded.smallTenants,
        result.latencyMs.p99,
        result.vainHours - guarded.vainHours,
        result.workers.hours - guarded.workers.hours,
      ],
    })),
  };
}
