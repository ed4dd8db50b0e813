import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseRow, readTrace, readTraces, traceFile } from '../../examples/demo/trace.ts';

const HEADER = 'TIMESTAMP,ContextTokens,GeneratedTokens';
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenfold-trace-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe('parseRow', () => {
  it('keeps the fraction of a second', () => {
    const first = parseRow('2023-11-16 18:15:46.6805900,374,44');

    expect(first).toEqual({
      at: Date.parse('2023-11-16T18:15:46Z') + 680.59,
      contextTokens: 374,
      generatedTokens: 44,
    });
  });

  it.each([
    ['', 'expected 3 cells'],
    ['2023-11-16 18:15:46.68,374', 'expected 3 cells'],
    ['2023-11-16 18:15:46.68,374,44,1', 'expected 3 cells'],
    ['2023-11-16 18:15:46.68,x,44', 'ContextTokens must be a whole number, got "x"'],
    ['2023-11-16 18:15:46.68,-3,44', 'ContextTokens'],
    ['2023-11-16 18:15:46.68,3,4.5', 'GeneratedTokens must be a whole number, got "4.5"'],
    ['2023-11-16 18:15:46.68,3,0', 'GeneratedTokens must be 1 or more'],
    ['yesterday,3,4', 'TIMESTAMP must read'],
    ['2023-02-30 18:15:46.68,3,4', 'TIMESTAMP is no date'],
    ['2023-11-16 25:15:46.68,3,4', 'TIMESTAMP is no date'],
  ])('says what is wrong with %j', (line, reason) => {
    expect(parseRow(line)).toContain(reason);
  });
});

describe('readTrace', () => {
  it('reads a last row with and without a line break, and Windows line ends', async () => {
    const rows = ['2023-11-16 18:15:46.0,1,2', '2023-11-16 18:15:47.0,3,4'];
    const texts = [[HEADER, ...rows].join('\n'), [HEADER, ...rows, ''].join('\r\n')];

    for (const text of texts) {
      expect(await readTrace(await fileOf('ok.csv', text))).toHaveLength(2);
    }
  });

  it.each([
    ['header', 'a,b,c\n', 1, 'the header must be'],
    ['empty', '', 1, 'holds no requests'],
    ['only header', `${HEADER}\n`, 2, 'holds no requests'],
    ['bad row', `${HEADER}\n2023-11-16 18:15:46.0,1,2\nnonsense\n`, 3, 'expected 3 cells'],
    ['blank row', `${HEADER}\n2023-11-16 18:15:46.0,1,2\n\n`, 3, 'expected 3 cells'],
    [
      'time running back',
      `${HEADER}\n2023-11-16 18:15:46.0,1,2\n2023-11-16 18:15:45.0,1,2\n`,
      3,
      'earlier than the one before it',
    ],
  ])('names file, line and reason: %s', async (_, text, line, reason) => {
    const path = await fileOf('bad.csv', text);

    await expect(readTrace(path)).rejects.toThrow(`${path}:${line}: `);
    await expect(readTrace(path)).rejects.toThrow(reason);
  });

  it('names a file that cannot be read', async () => {
    await expect(readTrace(join(folder, 'none.csv'))).rejects.toThrow(/cannot read .*none\.csv/);
  });
});

describe('readTraces', () => {
  it('merges the files in time order, tags each request and counts time from the first', async () => {
    const row = (second: number): string => `2023-11-16 18:15:0${second}.0,1,2`;
    const code = await fileOf('x-code.csv', [HEADER, row(2), row(4)].join('\n'));
    const chat = await fileOf('x-conv.csv', [HEADER, row(1), row(4)].join('\n'));

    const trace = await readTraces([traceFile(code), traceFile(chat)]);

    expect([...trace.at]).toEqual([0, 1_000, 3_000, 3_000]);
    expect([...trace.service].map((s) => trace.services[s]?.name)).toEqual([
      'conversation',
      'code',
      'code',
      'conversation',
    ]);
  });

  it('reads the hour that comes with the package', async () => {
    const files = ['code', 'conv'].map((name) => `examples/data/azure-llm-2023-${name}.csv`);

    const trace = await readTraces(files.map(traceFile));

    expect(trace.count).toBe(8_819 + 19_366);
    expect(trace.services.map(({ name }) => name)).toEqual(['code', 'conversation']);
  });
});
