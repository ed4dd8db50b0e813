import { describe, expect, it } from 'vitest';
import { progressBar } from '../../src/dashboard/index.ts';

const screen = (isTTY: boolean, columns = 80) => {
  const written: string[] = [];
  return { isTTY, columns, written, write: (text: string) => written.push(text) };
};

describe('progressBar', () => {
  it('writes nothing where nobody watches', () => {
    const output = screen(false);
    const bar = progressBar(output);

    bar.update(0.5, 'half');
    bar.close();

    expect(output.written).toEqual([]);
  });

  it('rewrites its line only when that looks different, and wipes it at the end', () => {
    const output = screen(true);
    const bar = progressBar(output);

    bar.update(0.5, 'half');
    bar.update(0.5001, 'half');
    bar.close();
    bar.close();

    expect(output.written).toEqual([
      `\r${'█'.repeat(12)}${'░'.repeat(12)}  50%  half\u001b[K`,
      '\r\u001b[K',
    ]);
  });

  it('never fills a line, which would wrap', () => {
    const output = screen(true, 30);

    progressBar(output).update(1, 'a very long label indeed');

    expect(output.written[0]?.replace('\r', '').replace('\u001b[K', '')).toHaveLength(29);
  });
});
