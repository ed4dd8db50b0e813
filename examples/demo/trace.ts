/**
 * Reads traces in the format of the Azure LLM inference dataset 2023, one row at a time:
 * `TIMESTAMP,ContextTokens,GeneratedTokens`. A row that is not exactly that stops the demo with
 * file, line and reason: a silently skipped row would change the load and nobody would know.
 */
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { InputError } from './input-error.ts';
import { type Service, serviceNamed } from './services.ts';

/** A trace file and the service whose requests it holds. */
export interface TraceFile {
  readonly path: string;
  readonly service: Service;
}

/** One recorded request. */
export interface TraceRow {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly contextTokens: number;
  readonly generatedTokens: number;
}

/** All requests in time order, as columns; `at` counts from the first. */
export interface Trace {
  readonly count: number;
  readonly at: Float64Array;
  readonly contextTokens: Float64Array;
  readonly generatedTokens: Float64Array;
  /** Index into `services`. */
  readonly service: Uint8Array;
  readonly services: readonly Service[];
}

const HEADER = 'TIMESTAMP,ContextTokens,GeneratedTokens';
const ROW = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d{1,9})?,(\d{1,9}),(\d{1,9})$/;

/** Understands `--trace`: `FILE`, whose last word names the service, or `SERVICE=FILE`. */
export function traceFile(argument: string): TraceFile {
  const named = /^(\w+)=(.+)$/.exec(argument);
  if (named) return { path: named[2] ?? '', service: serviceNamed(named[1] ?? '') };
  const word = /(\w+)\.\w+$/.exec(basename(argument).replaceAll('-', ' '))?.[1];
  return { path: argument, service: serviceNamed(word ?? 'conversation') };
}

/** Reads all files and merges them in time order, each request tagged by its service. */
export async function readTraces(files: readonly TraceFile[]): Promise<Trace> {
  const services: Service[] = [];
  const all: { row: TraceRow; service: number }[] = [];
  for (const file of files) {
    let service = services.findIndex((known) => known.name === file.service.name);
    if (service < 0) service = services.push(file.service) - 1;
    for (const row of await readTrace(file.path)) all.push({ row, service });
  }
  // A stable sort: rows of one instant stay in the order of the files.
  all.sort((a, b) => a.row.at - b.row.at);
  const start = all[0]?.row.at ?? 0;
  return {
    count: all.length,
    at: Float64Array.from(all, ({ row }) => row.at - start),
    contextTokens: Float64Array.from(all, ({ row }) => row.contextTokens),
    generatedTokens: Float64Array.from(all, ({ row }) => row.generatedTokens),
    service: Uint8Array.from(all, ({ service }) => service),
    services,
  };
}

/** Reads one file; throws an `InputError` naming file, line and reason at the first bad row. */
export async function readTrace(path: string): Promise<TraceRow[]> {
  const rows: TraceRow[] = [];
  const fail = (line: number, reason: string): never => {
    throw new InputError(`${path}:${line}: ${reason}`);
  };
  let number = 0;
  for await (const line of linesOf(path)) {
    number++;
    if (number === 1) {
      if (line !== HEADER) fail(1, `the header must be ${HEADER}, got ${quoted(line)}`);
      continue;
    }
    const row = parseRow(line);
    if (typeof row === 'string') return fail(number, row);
    const before = rows[rows.length - 1];
    if (before && row.at < before.at) fail(number, 'the row is earlier than the one before it');
    rows.push(row);
  }
  if (rows.length === 0) fail(number + 1, 'the file holds no requests');
  return rows;
}

/** A row, or the reason why the line is none. */
export function parseRow(line: string): TraceRow | string {
  const match = ROW.exec(line);
  if (!match) return reasonFor(line);
  const [, day, time, fraction = '0', context, generated] = match;
  const second = Date.parse(`${day}T${time}Z`);
  // Date.parse turns 30 February into March; the text it gives back then differs.
  if (Number.isNaN(second) || !new Date(second).toISOString().startsWith(`${day}T${time}`)) {
    return `TIMESTAMP is no date: ${quoted(`${day} ${time}`)}`;
  }
  if (Number(generated) === 0) return 'GeneratedTokens must be 1 or more, got 0';
  return {
    at: second + Number(fraction) * 1_000,
    contextTokens: Number(context),
    generatedTokens: Number(generated),
  };
}

function reasonFor(line: string): string {
  const cells = line.split(',');
  if (cells.length !== 3)
    return `expected 3 cells (${HEADER}), got ${cells.length}: ${quoted(line)}`;
  const [timestamp = '', context = '', generated = ''] = cells;
  if (!/^\d{1,9}$/.test(context))
    return `ContextTokens must be a whole number, got ${quoted(context)}`;
  if (!/^\d{1,9}$/.test(generated)) {
    return `GeneratedTokens must be a whole number, got ${quoted(generated)}`;
  }
  return `TIMESTAMP must read 2023-11-16 18:15:46.680, got ${quoted(timestamp)}`;
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const input = createReadStream(path, 'utf8');
  try {
    yield* createInterface({ input, crlfDelay: Infinity });
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${(error as Error).message}`);
  } finally {
    input.destroy();
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
