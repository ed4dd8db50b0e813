import { describe, expect, it } from 'vitest';
import { tableText } from '../../src/dashboard/index.ts';
import { bestCells } from '../../src/dashboard/table-cells.ts';
import { sampleTable } from './sample-report.ts';

describe('tableText', () => {
  it('aligns columns, names groups and leaves no trailing spaces', () => {
    expect(tableText(sampleTable)).toBe(
      [
        'wiring   goodput       p99  note',
        '',
        '1×',
        'bare       81.0%     4.0 s',
        'guarded    97.0%     2.5 s  calm',
        '',
        '10×',
        'bare       12.0%  15.0 min',
        'guarded    90.0%  15.0 min',
      ].join('\n'),
    );
  });

  it('colours without moving a column', () => {
    const colored = tableText(sampleTable, { color: true });

    expect(colored).toContain('\u001b[1m97.0%\u001b[22m');
    expect(colored.replaceAll(/\u001b\[\d+m/g, '')).toBe(tableText(sampleTable));
  });

  it('marks the best cell of each group, and none where all read alike', () => {
    expect(bestCells(sampleTable)).toEqual([
      [false, false, false],
      [true, true, false],
      [false, false, false],
      [true, false, false],
    ]);
  });
});
