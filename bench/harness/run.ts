// The command line of the benchmarks; see bench/README.md.
//   npm run bench [-- module…] [--quick] [--json] [--record]
//   npm run bench:check [-- module…] [--quick] [--json]
// Each file is bundled as the published build is (same target, packages external) and measured in
// a process of its own, one after the other.
import { build } from 'esbuild';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Benchmark } from './benchmark.ts';
import { check } from './check.ts';
import { format, loosened, record, type Floor, type Floors, type Mode } from './floors.ts';
import type { Measured } from './measure.ts';
import { median, spread } from './statistics.ts';
import { printFile, printHeader } from './report.ts';
import type { File, Measurement } from './suite.ts';
import { budgetFor, busy, MACHINE, MAJOR, measure, OUT, resultsOf, ROOT } from './suite.ts';

const USAGE = `usage: npm run bench -- [module…] [--quick] [--json] [--record]
       npm run bench:check -- [module…] [--quick] [--json]

module     a folder of bench, or folder/file: admission, admission/token-bucket
--quick    a second per file; all files together stay under five minutes
--json     figures as JSON on stdout
--record   measures each file three times in both modes and writes bench/floors.json
--check    fails when a figure is worse than bench/floors.json beyond noise`;

const FLOORS = join(ROOT, 'bench/floors.json');
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
  if (!flags.check) return show(files, mode, flags.json);
  const floors = readFloors()[MAJOR] ?? {};
  const whole = positionals.length === 0;
  const { shown, failures } = await check(files, { floors, mode, whole, silent: flags.json });
  if (flags.json) printJson(shown);
  return failures > 0 ? 1 : 0;
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

async function recordAll(files: readonly File[]): Promise<number> {
  if (busy()) console.error('others use this machine: what is recorded now is worth little');
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
