/** What the cells of a table say and which are best: shared by the HTML and the terminal table. */
import { formatValue } from './format.ts';
import type { Column, Table } from './report.ts';

/** A cell's text. */
export function cellText(column: Column, cell: number | string | null | undefined): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'string') return cell;
  return formatValue(cell, column.unit, column.signed ? 'signed' : 'plain');
}

/** Whether a column holds words rather than figures: those read from the left. */
export function isTextColumn(table: Table, c: number): boolean {
  return table.rows.every((row) => typeof row.cells[c] === 'string' || row.cells[c] === null);
}

/** True at `[row][column]` where a cell is the best of its group; none is, where all are equal. */
export function bestCells(table: Table): boolean[][] {
  const best = table.rows.map(() => table.columns.map(() => false));
  table.columns.forEach((column, c) => {
    if (column.better === undefined) return;
    for (const rows of groupsOf(table)) {
      const winner = bestText(table, column, c, rows);
      if (winner === undefined) continue;
      for (const r of rows) {
        const row = best[r];
        if (row) row[c] = cellText(column, table.rows[r]?.cells[c]) === winner;
      }
    }
  });
  return best;
}

/** Row indexes by group, in order of first appearance. */
export function groupsOf(table: Table): number[][] {
  const groups = new Map<string, number[]>();
  table.rows.forEach((row, r) => {
    const key = row.group ?? '';
    const rows = groups.get(key);
    if (rows) rows.push(r);
    else groups.set(key, [r]);
  });
  return [...groups.values()];
}

/** Compared as written: cells that read alike are equally good. */
function bestText(
  table: Table,
  column: Column,
  c: number,
  rows: readonly number[],
): string | undefined {
  const cells = rows
    .map((r) => table.rows[r]?.cells[c])
    .filter((cell): cell is number => typeof cell === 'number' && Number.isFinite(cell));
  if (cells.length < 2) return undefined;
  const texts = new Set(cells.map((cell) => cellText(column, cell)));
  if (texts.size < 2) return undefined;
  const value = column.better === 'higher' ? Math.max(...cells) : Math.min(...cells);
  return cellText(column, value);
}
