import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reportHtml, writeReport } from '../../src/dashboard/index.ts';
import { sampleReport } from './sample-report.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenfold-report-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('writeReport', () => {
  it('writes the page and leaves nothing beside it', async () => {
    await writeReport(join(folder, 'r.html'), sampleReport);

    expect(await readFile(join(folder, 'r.html'), 'utf8')).toBe(reportHtml(sampleReport));
    expect(await readdir(folder)).toEqual(['r.html']);
  });

  it('keeps the old page and leaves no half of a new one when drawing fails', async () => {
    await writeFile(join(folder, 'r.html'), 'old');
    const broken = { ...sampleReport, blocks: [{ kind: 'table' }] } as never;

    await expect(writeReport(join(folder, 'r.html'), broken)).rejects.toThrow();

    expect(await readFile(join(folder, 'r.html'), 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['r.html']);
  });

  it('rejects when the folder is not there', async () => {
    await expect(writeReport(join(folder, 'no', 'r.html'), sampleReport)).rejects.toThrow('ENOENT');
  });
});
