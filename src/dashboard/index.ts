/** The one report writer, and the tables of the terminal. */
export type * from './report.ts';
export { formatValue, type Unit } from './format.ts';
export { reportHtml } from './report-html.ts';
export { chartSvg } from './chart-svg.ts';
export { writeReport } from './write-report.ts';
export { tableText, type TableTextOptions } from './text-table.ts';
export { progressBar, type ProgressBar, type ProgressOutput } from './progress-bar.ts';
