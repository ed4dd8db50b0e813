// Benchmark files as the command line handles them: each is measured in a process of its own.
import { fork } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import type { Benchmark } from './benchmark.ts';
import { judge, type Mode, type Result } from './floors.ts';
import type { Measured } from './measure.ts';

export const ROOT: string = resolve(import.meta.dirname, '../..');
/** Where the bundles go. */
export const OUT: string = join(ROOT, '.cache/bench');
export const MACHINE: string = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`;
export const MAJOR: string = process.versions.node.split('.')[0] ?? '';
/**
 * Compiling on the main thread changes when code is optimised, not what it becomes: during the
 * warm-up, instead of whenever a busy machine lets the background thread run.
 */
const NODE_FLAGS = ['--expose-gc', '--no-concurrent-recompilation'];
/** All files together aim at this long in quick mode; scenarios watch their own time. */
const QUICK_TOTAL_MS = 120_000;
/** A file that takes longer hangs, or must learn to be quick. */
const LONGEST_MS: Readonly<Record<Mode, number>> = { quick: 60_000, full: 600_000 };

/** A benchmark file: its name `<module>/<name>`, where its bundle is, and what it exports. */
export interface File {
  readonly name: string;
  readonly bundle: string;
  readonly benchmark: Benchmark;
}

/** One measurement of a file. */
export interface Measurement {
  readonly file: File;
  readonly measured: Measured;
  readonly results: readonly Result[];
  /** How long it took. */
  readonly seconds: number;
}

/** Measures a file once, in a process of its own. */
export async function measure(file: File, mode: Mode, budgetMs: number): Promise<Measurement> {
  const startedAt = performance.now();
  const measured = await inProcess(file, mode, budgetMs);
  const results = (file.benchmark.goals ?? [])
    .map((goal, g) => ({ goal, values: measured.goals[g] ?? [] }))
    .filter(({ goal }) => goal.nodeMajor === undefined || String(goal.nodeMajor) === MAJOR)
    .map(({ goal, values }) => judge(`${file.name}#${goal.id}`, goal, values, measured.rounds));
  return { file, measured, results, seconds: (performance.now() - startedAt) / 1_000 };
}

function inProcess(file: File, mode: Mode, budgetMs: number): Promise<Measured> {
  const script = join(OUT, 'harness/measure.mjs');
  const child = fork(script, [file.bundle, String(budgetMs), mode], { execArgv: NODE_FLAGS });
  return new Promise<Measured>((done, failed) => {
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      failed(new Error(`${file.name} was not done within ${LONGEST_MS[mode] / 1_000} s`));
    }, LONGEST_MS[mode]);
    child.once('message', (message) => done(message as Measured));
    child.once('exit', (code) => {
      clearTimeout(limit);
      failed(new Error(`${file.name} ended with ${String(code)}`));
    });
  });
}

/** How long a file is measured, warm-up and all, in ms. */
export function budgetFor(mode: Mode, fileCount: number): number {
  if (mode === 'full') return 6_000;
  return Math.max(400, Math.min(1_200, QUICK_TOTAL_MS / fileCount));
}

/** The results of one goal in several measurements. */
export function resultsOf(attempts: readonly Measurement[], id: string): Result[] {
  return attempts.flatMap(({ results }) => results.filter((result) => result.id === id));
}

/** Whether more wants to run than this machine has processors for, and one to spare. */
export function busy(): boolean {
  return (loadavg()[0] ?? 0) > cpus().length + 1;
}
