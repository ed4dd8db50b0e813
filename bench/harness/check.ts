// Whether the code is still as fast as it was: measures files, holds them against the floors, and measures
// what looks worse again.
import type { Floor, Mode, Result } from './floors.ts';
import { loosened, regressed } from './floors.ts';
import { goalLine } from './report.ts';
import type { File, Measurement } from './suite.ts';
import { budgetFor, busy, MACHINE, measure, resultsOf } from './suite.ts';

/** The floors of this Node major, by goal. */
type Rows = Readonly<Record<string, Floor>>;

export interface CheckOptions {
  readonly floors: Rows;
  readonly mode: Mode;
  /** Whether these are all files there are, so that every floor must be answered. */
  readonly whole: boolean;
  /** Whether to print nothing but faults. */
  readonly silent: boolean;
}

/** What a check has found. */
export interface Checked {
  /** The last measurement of each file. */
  readonly shown: readonly Measurement[];
  readonly failures: number;
}

/** How often a goal that looks worse than recorded is measured in all. */
const MOST_ATTEMPTS = 3;

/** Fails on regressions, loosened goals and goals nobody answers; prints every goal, met or not. */
export async function check(files: readonly File[], options: CheckOptions): Promise<Checked> {
  const { floors, whole, silent } = options;
  const budgetMs = budgetFor(options.mode, files.length);
  const { attempts, faults } = await measureOnce(files, budgetMs, options);
  await measureAgain(attempts, budgetMs, options);
  const results = [...attempts.values()].flatMap(byGoal);
  for (const ofGoal of results) faults.push(...faultsOf(ofGoal, options));
  if (whole) faults.push(...unanswered(files, attempts, floors));
  for (const { says, fails } of faults) console.error(`${fails ? 'FAIL' : 'NOT JUDGED'} ${says}`);
  const failures = faults.filter(({ fails }) => fails).length;
  if (!silent) printSummary(attempts, { goals: results.length, failures });
  return { shown: [...attempts.values()].map((all) => all.at(-1) as Measurement), failures };
}

/** What is wrong; on a busy machine a regression is told, and fails nothing. */
interface Fault {
  readonly says: string;
  readonly fails: boolean;
}

/** The measurements of each file. */
type Attempts = Map<File, Measurement[]>;

async function measureOnce(
  files: readonly File[],
  budgetMs: number,
  { floors, mode, silent }: CheckOptions,
): Promise<{ readonly attempts: Attempts; readonly faults: Fault[] }> {
  const attempts: Attempts = new Map();
  const faults: Fault[] = [];
  for (const file of files) {
    try {
      const measurement = await measure(file, mode, budgetMs);
      attempts.set(file, [measurement]);
      if (silent) continue;
      for (const result of measurement.results) {
        console.log(goalLine(result, floors[result.id], mode));
      }
    } catch (error) {
      faults.push({ says: (error as Error).message, fails: true });
    }
  }
  return { attempts, faults };
}

/**
 * Measures what looks worse than recorded again, after all the rest: a slow minute of a shared machine
 * is over by then.
 */
async function measureAgain(
  attempts: Attempts,
  budgetMs: number,
  options: CheckOptions,
): Promise<void> {
  for (let attempt = 2; attempt <= MOST_ATTEMPTS; attempt++) {
    for (const [file, before] of attempts) {
      if (!byGoal(before).some((results) => isRegression(results, options))) continue;
      // One that breaks off only now has not shown that it is as fast as it was.
      await measure(file, options.mode, budgetMs).then((one) => before.push(one), console.error);
    }
  }
}

/** The results of several measurements of a file, by goal. */
function byGoal(attempts: readonly Measurement[]): Result[][] {
  const first = attempts[0]?.results ?? [];
  return first.map(({ id }) => resultsOf(attempts, id));
}

function isRegression(results: readonly Result[], { floors, mode }: CheckOptions): boolean {
  const floor = floors[results[0]?.id ?? ''];
  return floor !== undefined && regressed(results, floor, mode, MACHINE);
}

function faultsOf(results: readonly Result[], options: CheckOptions): Fault[] {
  const [first] = results;
  const floor = options.floors[first?.id ?? ''];
  const faults: Fault[] = [];
  if (first === undefined || floor === undefined) return faults;
  if (loosened(first, floor)) {
    faults.push({ says: `${first.id}: its goal was ${floor.goal}`, fails: true });
  }
  if (isRegression(results, options)) {
    const why = busy() ? ', but others use this machine' : '';
    faults.push({ says: `${first.id}: worse than recorded${why}`, fails: why === '' });
  }
  return faults;
}

/** Goals of the floors that no file asks for any more; those of a file that broke off are its fault. */
function unanswered(files: readonly File[], attempts: Attempts, floors: Rows): Fault[] {
  const answered = [...attempts.values()].flatMap(([first]) => first?.results ?? []);
  const ids = new Set(answered.map(({ id }) => id));
  const broken = files.filter((file) => !attempts.has(file)).map(({ name }) => `${name}#`);
  return Object.keys(floors)
    .filter((id) => !ids.has(id) && !broken.some((prefix) => id.startsWith(prefix)))
    .map((id) => ({ says: `${id}: no benchmark answers this goal any more`, fails: true }));
}

function printSummary(
  attempts: Attempts,
  { goals, failures }: { readonly goals: number; readonly failures: number },
): void {
  const took = [...attempts].map(([{ name }, all]) => ({
    name,
    seconds: all.reduce((sum, { seconds }) => sum + seconds, 0),
  }));
  const slowest = took.sort((a, b) => b.seconds - a.seconds).slice(0, 3);
  const names = slowest.map(({ name, seconds }) => `${name} ${seconds.toFixed(0)} s`);
  const total = Math.round(performance.now() / 1_000);
  const counts = [`${attempts.size} files`, `${goals} goals`, `${failures} failures`, `${total} s`];
  console.log(`${counts.join(', ')}; slowest: ${names.join(', ')}`);
}
