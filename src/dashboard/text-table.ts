/** A table for a terminal: the same data as in a report, aligned by column. */
import type { Table } from './report.ts';
import { bestCells, cellText, groupsOf, isTextColumn } from './table-cells.ts';

/** How a table is printed. */
export interface TableTextOptions {
  /** Marks the best cells in bold and dims what is secondary, by ANSI escapes. @default false */
  readonly color?: boolean;
}

/** Prints a table as text, one line per row and no trailing spaces; ends without a line break. */
export function tableText(table: Table, options: TableTextOptions = {}): string {
  const paint = options.color === true ? ansi : plain;
  const best = bestCells(table);
  const texts = table.rows.map((row) => [
    row.label,
    ...table.columns.map((column, c) => cellText(column, row.cells[c])),
  ]);
  const head = [table.rowHeading ?? '', ...table.columns.map((column) => column.label)];
  const widths = head.map((label, c) =>
    texts.reduce((width, row) => Math.max(width, (row[c] ?? '').length), label.length),
  );
  const isLeft = head.map((_, c) => c === 0 || isTextColumn(table, c - 1));
  const line = (cells: readonly string[], style: (cell: string, c: number) => string): string =>
    cells
      .map((cell, c) => {
        const width = widths[c] ?? 0;
        // Padding stays outside the escapes: a terminal's cells are counted without them.
        const pad = ' '.repeat(Math.max(0, width - cell.length));
        return isLeft[c] ? style(cell, c) + pad : pad + style(cell, c);
      })
      .join('  ')
      .trimEnd();
  const lines = [line(head, (cell) => paint.dim(cell))];
  for (const rows of groupsOf(table)) {
    const group = table.rows[rows[0] ?? 0]?.group;
    if (group !== undefined) lines.push('', paint.dim(group));
    for (const r of rows) {
      const isBest = best[r] ?? [];
      lines.push(line(texts[r] ?? [], (cell, c) => (isBest[c - 1] ? paint.bold(cell) : cell)));
    }
  }
  return lines.join('\n');
}

const plain = { dim: (text: string): string => text, bold: (text: string): string => text };
const ansi = {
  dim: (text: string): string => `\u001b[2m${text}\u001b[22m`,
  bold: (text: string): string => `\u001b[1m${text}\u001b[22m`,
};
