/** Puts a report on disk so that a reader sees either the whole page or none. */
import { rename, rm, writeFile } from 'node:fs/promises';
import type { Report } from './report.ts';
import { reportHtml } from './report-html.ts';

/**
 * Writes `reportHtml(report)` to `path`: beside it first, then renamed over it, so that a failure
 * or an interruption leaves what was there before. Rejects with the file system's error.
 */
export async function writeReport(path: string, report: Report): Promise<void> {
  const partial = `${path}.partial`;
  try {
    await writeFile(partial, reportHtml(report));
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
