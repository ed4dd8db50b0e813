/** A table as HTML: scrolls sideways on a phone while its row labels stay in sight. */
import { escapeHtml, percent } from './html.ts';
import type { Column, Row, Table } from './report.ts';
import { bestCells, cellText, groupsOf, isTextColumn } from './table-cells.ts';

/** Draws a table. */
export function tableHtml(table: Table): string {
  const best = bestCells(table);
  const words = table.columns.map((_, c) => (isTextColumn(table, c) ? ' class="words"' : ''));
  const head = table.columns.map(
    (column, c) => `<th scope="col"${words[c] ?? ''}>${escapeHtml(column.label)}</th>`,
  );
  const bodies = groupsOf(table).map((rows) => {
    const name = table.rows[rows[0] ?? 0]?.group;
    const title =
      name === undefined
        ? ''
        : `<tr class="group"><th scope="rowgroup" colspan="${table.columns.length + 1}"><span>${escapeHtml(name)}</span></th></tr>`;
    return `<tbody>${title}${rows.map((r) => rowHtml(table, r, { best: best[r] ?? [], words })).join('')}</tbody>`;
  });
  const caption = table.caption ? `<p class="caption">${escapeHtml(table.caption)}</p>` : '';
  return `<figure class="block"><figcaption><h3>${escapeHtml(table.title)}</h3>${caption}</figcaption>
<div class="scroll" tabindex="0" role="group" aria-label="${escapeHtml(table.title)}"><table><thead><tr><th scope="col">${escapeHtml(table.rowHeading ?? '')}</th>${head.join('')}</tr></thead>${bodies.join('')}</table></div></figure>`;
}

function rowHtml(
  table: Table,
  r: number,
  marks: { readonly best: readonly boolean[]; readonly words: readonly string[] },
): string {
  const row = table.rows[r] as Row;
  const dot =
    row.color === undefined ? '' : `<i class="dot" style="--c:var(--s${row.color % 8})"></i>`;
  const cells = table.columns.map((column, c) =>
    cellHtml(column, row.cells[c], { isBest: marks.best[c] ?? false, words: marks.words[c] ?? '' }),
  );
  return `<tr><th scope="row">${dot}${escapeHtml(row.label)}</th>${cells.join('')}</tr>`;
}

function cellHtml(
  column: Column,
  cell: Row['cells'][number] | undefined,
  { isBest, words }: { readonly isBest: boolean; readonly words: string },
): string {
  const text = escapeHtml(cellText(column, cell));
  const content = isBest ? `<b>${text}</b>` : text;
  if (column.bar !== true || typeof cell !== 'number') return `<td${words}>${content}</td>`;
  const share = Math.min(1, Math.max(0, cell));
  return `<td class="bar" style="--v:${percent(share)}"><span>${content}</span></td>`;
}
