/**
 * The one report writer: a report becomes one HTML page that needs nothing else. Style, script and
 * data are inside, no address is loaded (the page's own content policy forbids it), and equal
 * reports give equal bytes.
 */
import { barChartHtml } from './bar-chart-html.ts';
import { formatValue, UNIT_STEPS } from './format.ts';
import { histogramChart } from './histogram.ts';
import { escapeHtml, escapeJson } from './html.ts';
import { lineChartHtml, type ChartData } from './line-chart-html.ts';
import { PAGE_SCRIPT } from './page-script.ts';
import { pageStyle } from './page-style.ts';
import type { Block, Figure, LineChart, Provenance, Report, Tabs } from './report.ts';
import { tableHtml } from './table-html.ts';

/** What is numbered while a page is written. */
interface Page {
  readonly charts: ChartData[];
  tabs: number;
}

/** Draws a report as one self-contained HTML page. Pure: equal reports give equal text. */
export function reportHtml(report: Report): string {
  const page: Page = { charts: [], tabs: 0 };
  const blocks = report.blocks.map((block) => blockHtml(block, page)).join('\n');
  const subtitle = report.subtitle ? `<p class="lead">${escapeHtml(report.subtitle)}</p>` : '';
  const figures = report.figures?.length
    ? `<ul class="figures">${report.figures.map(figureHtml).join('')}</ul>`
    : '';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';style-src 'unsafe-inline';script-src 'unsafe-inline'">
<title>${escapeHtml(report.title)}</title><style>${pageStyle()}</style></head>
<body><main><header><h1>${escapeHtml(report.title)}</h1>${subtitle}${figures}</header>
${blocks}
${provenanceHtml(report.provenance)}</main>
<script type="application/json" id="charts">${escapeJson(page.charts)}</script>
<script type="application/json" id="units">${escapeJson(UNIT_STEPS)}</script>
<script>${PAGE_SCRIPT}</script></body></html>
`;
}

function blockHtml(block: Block, page: Page): string {
  switch (block.kind) {
    case 'text':
      return block.paragraphs.map((text) => `<p>${escapeHtml(text)}</p>`).join('');
    case 'section': {
      const inner = block.blocks.map((child) => blockHtml(child, page)).join('\n');
      return `<section><h2>${escapeHtml(block.title)}</h2>${inner}</section>`;
    }
    case 'tabs':
      return tabsHtml(block, page);
    case 'table':
      return tableHtml(block);
    case 'lines':
      return chartHtml(block, page);
    case 'bars':
      return barChartHtml(block);
    case 'histogram':
      return chartHtml(histogramChart(block), page);
  }
}

function chartHtml(chart: LineChart, page: Page): string {
  const { html, data } = lineChartHtml(chart, page.charts.length);
  page.charts.push(data);
  return html;
}

/** Tabs are radio buttons and style rules: they work without script and with a keyboard. */
function tabsHtml(tabs: Tabs, page: Page): string {
  const name = `t${page.tabs++}`;
  const ids = tabs.tabs.map((_, i) => `${name}-${i}`);
  const inputs = ids.map((id, i) => {
    const label = escapeHtml(`${tabs.label}: ${tabs.tabs[i]?.label ?? ''}`);
    const checked = i === (tabs.selected ?? 0) ? ' checked' : '';
    return `<input type="radio" name="${name}" id="${id}" aria-label="${label}"${checked}>`;
  });
  const labels = ids.map(
    (id, i) => `<label for="${id}">${escapeHtml(tabs.tabs[i]?.label ?? '')}</label>`,
  );
  const panels = tabs.tabs.map(
    (tab, i) =>
      `<div class="panel" id="${name}-p${i}">${tab.blocks.map((block) => blockHtml(block, page)).join('\n')}</div>`,
  );
  const rules = ids.map(
    (id, i) =>
      `#${id}:checked~#${name}-p${i}{display:block}#${id}:checked~.bar [for=${id}]{background:var(--card);color:var(--ink);box-shadow:0 1px 3px #0002}#${id}:focus-visible~.bar [for=${id}]{outline:2px solid var(--s1)}`,
  );
  return `<div class="tabs"><style>${rules.join('')}</style>${inputs.join('')}<div class="bar">${labels.join('')}</div>${panels.join('\n')}</div>`;
}

function figureHtml(figure: Figure): string {
  const value =
    typeof figure.value === 'string' ? figure.value : formatValue(figure.value, figure.unit);
  const detail = figure.detail ? `<span>${escapeHtml(figure.detail)}</span>` : '';
  return `<li class="${figure.tone ?? 'plain'}"><span>${escapeHtml(figure.label)}</span><strong>${escapeHtml(value)}</strong>${detail}</li>`;
}

function provenanceHtml(from: Provenance): string {
  const facts: [string, string][] = [];
  if (from.seed !== undefined) facts.push(['seed', String(from.seed)]);
  for (const [name, value] of Object.entries(from.facts ?? {})) facts.push([name, String(value)]);
  if (from.date !== undefined) facts.push(['date', from.date]);
  const list = facts.map(
    ([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`,
  );
  const sources = (from.sources ?? []).map(({ label, url }) =>
    url === undefined
      ? `<li>${escapeHtml(label)}</li>`
      : `<li><a href="${escapeHtml(url)}" rel="noreferrer">${escapeHtml(label)}</a></li>`,
  );
  return `<footer class="about"><dl><dt>made by</dt><dd><code>${escapeHtml(from.command)}</code></dd>${list.join('')}</dl>${sources.length > 0 ? `<ul>${sources.join('')}</ul>` : ''}</footer>`;
}
