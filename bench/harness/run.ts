// The command line of the benchmarks; see bench/README.md.
//   npm run bench [-- module…] [--quick] [--json] [--record]
//   npm run bench:check [-- module…] [--quick] [--json]
// Each file is bundled as the published build is (same target, packages external) and measured in
// a process of its own, one after the other.
import { build } from 'esbuild';
import { fork } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Benchmark } from './benchmark.ts';
import {
  format,
  judge,
  loosened,
  record,
  regressed,
  type Floor,
  type Floors,
  type Mode,
  type Result,
} from './floors.ts';
import type { Measured } from './measure.ts';
import { median, spread } from './statistics.ts';
import { goalLine, printFile, printHeader } from './report.ts';

const USAGE = `usage: npm run bench -- [module…] [--quick] [--json] [--record]
       npm run bench:check -- [module…] [--quick] [--json]

module     a folder of bench, or folder/file: admission, admission/token-bucket
--quick    a second per file; all files together stay under four minutes
--json     figures as JSON on stdout
--record   measures each file three times in both modes and writes bench/floors.json
--check    fails when a figure is worse than bench/floors.json beyond noise`;

const ROOT = resolve(import.meta.dirname, '../..');
const FLOORS = join(ROOT, 'bench/floors.json');
const OUT = join(ROOT, '.cache/bench');
const MACHINE = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`;
const MAJOR = process.versions.node.split('.')[0] ?? '';
/**
 * Compiling on the main thread changes when code is optimised, not what it becomes: during the
 * warm-up, instead of whenever a busy machine lets the background thread run.
 */
const NODE_FLAGS = ['--expose-gc', '--no-concurrent-recompilation'];
/** All files together aim at this long in quick mode; scenarios watch their own time. */
const QUICK_TOTAL_MS = 120_000;

/** A benchmark file: its name `<module>/<name>`, where its bundle is, and what it exports. */
interface File {
  readonly name: string;
  readonly bundle: string;
  readonly benchmark: Benchmark;
}

/** One measurement of a file. */
export interface Measurement {
  readonly file: File;
  readonly measured: Measured;
  readonly results: readonly Result[];
}

async function main(): Promise<number> {
  const { values: flags, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (flags.help) {
    console.log(USAGE);
    return 0;
  }
  const names = benchmarkNames().filter((name) => selected(name, positionals));
  if (names.length === 0) throw new Error(`no benchmark named ${positionals.join(', ')}`);
  const files = await bundle(names);
  const mode: Mode = flags.quick ? 'quick' : 'full';
  if (!flags.json) printHeader(MACHINE);
  if (flags.record) return recordAll(files);
  return flags.check
    ? check(files, mode, flags.json, positionals.length === 0)
    : show(files, mode, flags.json);
}

function benchmarkNames(): string[] {
  return readdirSync(join(ROOT, 'bench'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.bench.ts'))
    .map((path) => path.slice(0, -'.bench.ts'.length).replaceAll('\\', '/'))
    .sort();
}

function selected(name: string, wanted: readonly string[]): boolean {
  return wanted.length === 0 || wanted.some((want) => name === want || name.startsWith(`${want}/`));
}

/** Bundles the files chosen and the measuring process, then loads what the files say. */
async function bundle(names: readonly string[]): Promise<File[]> {
  rmSync(OUT, { recursive: true, force: true });
  await build({
    absWorkingDir: ROOT,
    entryPoints: [...names.map((name) => `bench/${name}.bench.ts`), 'bench/harness/measure.ts'],
    outbase: 'bench',
    outdir: OUT,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  const files: File[] = [];
  for (const name of names) {
    const path = join(OUT, `${name}.bench.mjs`);
    const loaded = (await import(pathToFileURL(path).href)) as { default: Benchmark };
    files.push({ name, bundle: path, benchmark: loaded.default });
  }
  return files;
}

/** Measures a file once, in a process of its own. */
async function measure(file: File, mode: Mode, budgetMs: number): Promise<Measurement> {
  const script = join(OUT, 'harness/measure.mjs');
  const child = fork(script, [file.bundle, String(budgetMs), mode], { execArgv: NODE_FLAGS });
  const measured = await new Promise<Measured>((done, failed) => {
    child.once('message', (message) => done(message as Measured));
    child.once('exit', (code) => failed(new Error(`${file.name} ended with ${String(code)}`)));
  });
  const results = (file.benchmark.goals ?? [])
    .map((goal, g) => ({ goal, values: measured.goals[g] ?? [] }))
    .filter(({ goal }) => goal.nodeMajor === undefined || String(goal.nodeMajor) === MAJOR)
    .map(({ goal, values }) => judge(`${file.name}#${goal.id}`, goal, values, measured.rounds));
  return { file, measured, results };
}

function budgetFor(mode: Mode, fileCount: number): number {
  if (mode === 'full') return 6_000;
  return Math.max(400, Math.min(1_200, QUICK_TOTAL_MS / fileCount));
}

async function show(files: readonly File[], mode: Mode, json: boolean): Promise<number> {
  const shown: Measurement[] = [];
  for (const file of files) {
    const measurement = await measure(file, mode, budgetFor(mode, files.length));
    shown.push(measurement);
    if (!json) printFile(measurement);
  }
  if (json) printJson(shown);
  return 0;
}

/** Fails on regressions, loosened goals and goals nobody answers; prints every goal not met. */
async function check(
  files: readonly File[],
  mode: Mode,
  json: boolean,
  whole: boolean,
): Promise<number> {
  const floors = readFloors()[MAJOR] ?? {};
  const faults: Fault[] = [];
  const shown: Measurement[] = [];
  for (const file of files) {
    const attempts = await attempt(file, mode, budgetFor(mode, files.length), floors);
    const last = attempts.at(-1) as Measurement;
    shown.push(last);
    for (const result of last.results) {
      const floor = floors[result.id];
      if (!json) console.log(goalLine(result, floor, mode));
      if (floor !== undefined)
        faults.push(...faultsOf(resultsOf(attempts, result.id), floor, mode));
    }
  }
  const answered = new Set(shown.flatMap(({ results }) => results.map(({ id }) => id)));
  for (const id of whole ? Object.keys(floors) : []) {
    if (!answered.has(id)) {
      faults.push({ says: `${id}: no benchmark answers this goal any more`, fails: true });
    }
  }
  if (json) printJson(shown);
  for (const { says, fails } of faults) console.error(`${fails ? 'FAIL' : 'NOT JUDGED'} ${says}`);
  const failures = faults.filter(({ fails }) => fails).length;
  const seconds = Math.round(performance.now() / 1_000);
  const counts = [`${files.length} files`, `${answered.size} goals`, `${failures} failures`];
  if (!json) console.log([...counts, `${seconds} s`].join(', '));
  return failures > 0 ? 1 : 0;
}

/** What is wrong with a goal; on a busy machine a regression is told, and fails nothing. */
interface Fault {
  readonly says: string;
  readonly fails: boolean;
}

function faultsOf(results: readonly Result[], floor: Floor, mode: Mode): Fault[] {
  const [first] = results;
  const faults: Fault[] = [];
  if (first === undefined) return faults;
  if (loosened(first, floor)) {
    faults.push({ says: `${first.id}: its goal was ${floor.goal}`, fails: true });
  }
  if (regressed(results, floor, mode, MACHINE)) {
    const why = busy() ? ', but others use this machine' : '';
    faults.push({ says: `${first.id}: worse than recorded${why}`, fails: why === '' });
  }
  return faults;
}

/** Whether more wants to run than this machine has processors for, and one to spare. */
function busy(): boolean {
  return (loadavg()[0] ?? 0) > cpus().length + 1;
}

/** Measures once, and up to twice more while some goal looks worse than recorded. */
async function attempt(
  file: File,
  mode: Mode,
  budgetMs: number,
  floors: Readonly<Record<string, Floor>>,
): Promise<Measurement[]> {
  const attempts: Measurement[] = [];
  for (;;) {
    attempts.push(await measure(file, mode, budgetMs));
    const worse = attempts[0]?.results.some(({ id }) => {
      const floor = floors[id];
      return floor !== undefined && regressed(resultsOf(attempts, id), floor, mode, MACHINE);
    });
    if (worse !== true || attempts.length === 3) return attempts;
  }
}

function resultsOf(attempts: readonly Measurement[], id: string): Result[] {
  return attempts.flatMap(({ results }) => results.filter((result) => result.id === id));
}

async function recordAll(files: readonly File[]): Promise<number> {
  const where = {
    machine: MACHINE,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
  for (const file of files) {
    const reached: Record<string, Floor> = {};
    for (const mode of ['full', 'quick'] as const) {
      const attempts: Measurement[] = [];
      for (let i = 0; i < 3; i++) attempts.push(await measure(file, mode, budgetFor(mode, 100)));
      for (const { id } of attempts[0]?.results ?? []) {
        const old = reached[id] ?? readFloors()[MAJOR]?.[id];
        const results = resultsOf(attempts, id);
        if (results.some((result) => old !== undefined && loosened(result, old))) {
          throw new Error(`${id}: the goal was ${String(old?.goal)} and is never lowered`);
        }
        reached[id] = record(results, old, mode, where);
      }
      if (mode === 'full') printFile(attempts.at(-1) as Measurement);
    }
    // Read again and written at once: others may be recording other files meanwhile.
    const floors = readFloors();
    writeFileSync(FLOORS, format({ ...floors, [MAJOR]: { ...floors[MAJOR], ...reached } }));
  }
  return 0;
}

function readFloors(): Floors {
  return existsSync(FLOORS) ? (JSON.parse(readFileSync(FLOORS, 'utf8')) as Floors) : {};
}

function printJson(shown: readonly Measurement[]): void {
  const files = shown.map(({ file, measured, results }) => ({
    name: file.name,
    question: file.benchmark.question,
    figures: figuresOf(measured),
    goals: results,
  }));
  const head = { machine: MACHINE, node: process.version, date: new Date().toISOString() };
  console.log(JSON.stringify({ ...head, files }, null, 2));
}

function figuresOf({ names, rounds }: Measured): Record<string, unknown> {
  const values = (name: string): number[] => rounds.map((round) => round[name] ?? NaN);
  return Object.fromEntries(
    names.map((name) => [name, { median: median(values(name)), spread: spread(values(name)) }]),
  );
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    console.error(USAGE);
    process.exit(2);
  },
);
