// Measures one benchmark file in a process of its own, started by run.ts with an IPC channel:
//   node --expose-gc measure.mjs <bundled file> <budget in ms> <quick|full> [contender]
// With a contender's name it is the lone process of that contender (`apart`): it answers each
// number of calls received with nanoseconds per operation.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import {
  BARE_AWAIT,
  CLOCK_READ,
  type Benchmark,
  type Comparison,
  type Contender,
  type Round,
  type Scenario,
} from './benchmark.ts';
import { prepare, type Runner, type Slice } from './loop.ts';

/** What a measuring process sends back. */
export interface Measured {
  readonly rounds: readonly Round[];
  /** Names of the figures to print, ours first. */
  readonly names: readonly string[];
  /** For each goal of the file, its figure in each round. */
  readonly goals: readonly (readonly number[])[];
}

const MOST_ROUNDS = 201;
/** A row of five policies takes 120 ms of processor time until its code has been compiled. */
const LEAST_WARM_MS = 150;

const doNothing = async (): Promise<void> => {};

const calibrations: Readonly<Record<string, Contender>> = {
  [CLOCK_READ]: { setup: () => ({ run: () => performance.now() }) },
  [BARE_AWAIT]: { async: true, setup: () => ({ run: () => doNothing() }) },
};

const [file = '', budgetMs = '1000', mode = 'quick', lone] = process.argv.slice(2);

async function main(): Promise<void> {
  const loaded = (await import(pathToFileURL(file).href)) as { default: Benchmark };
  const benchmark = loaded.default;
  if (lone !== undefined) return serve(contendersOf(benchmark as Comparison)[lone] as Contender);
  const rounds =
    'contenders' in benchmark
      ? await compare(benchmark, Number(budgetMs))
      : await repeat(benchmark, mode === 'quick');
  const goals = (benchmark.goals ?? []).map(({ id, value }) =>
    rounds.map((round) => value((name) => figure(round, name, id))),
  );
  const names = Object.keys(rounds[0] ?? {});
  // Whatever a rival leaves open must not keep the process: it ends once the figures are sent.
  process.send?.({ rounds, names, goals } satisfies Measured, () => process.exit(0));
}

function contendersOf(benchmark: Comparison): Readonly<Record<string, Contender>> {
  return { ...benchmark.contenders, ...calibrations };
}

function figure(round: Round, name: string, goal: string): number {
  const value = round[name];
  if (value === undefined) throw new Error(`goal "${goal}" asks for "${name}", never measured`);
  return value;
}

/** Rounds of a comparison: every contender once a round, in changing order. */
async function compare(benchmark: Comparison, budget: number): Promise<Round[]> {
  const contenders = Object.entries(contendersOf(benchmark));
  const runners: Runner[] = [];
  for (const [name, contender] of contenders) {
    const own = benchmark.apart === true && !(name in calibrations);
    runners.push(own ? await apart(name) : await prepare(name, contender, runners.length));
  }
  const plan = await warmUp(runners, Math.max(LEAST_WARM_MS, (budget * 0.3) / runners.length));
  const roundMs = runners.reduce((sum, runner) => sum + (plan.get(runner)?.sliceMs ?? 0), 0);
  const roundCount = Math.max(5, Math.min(MOST_ROUNDS, Math.floor((budget * 0.7) / roundMs)));
  const rounds: Round[] = [];
  for (let r = 0; r < roundCount; r++) {
    const round: Record<string, number> = Object.fromEntries(runners.map(({ name }) => [name, 0]));
    for (const runner of turned(runners, r)) {
      round[runner.name] = await runner.slice(plan.get(runner)?.calls ?? 1);
    }
    rounds.push(round);
  }
  for (const runner of runners) await runner.close();
  return rounds;
}

/** Another first each round, and every other round backwards: no contender keeps a neighbour. */
function turned(runners: readonly Runner[], round: number): Runner[] {
  const start = round % runners.length;
  const order = [...runners.slice(start), ...runners.slice(0, start)];
  return round % 2 === 0 ? order : order.reverse();
}

/** Two passes over all contenders, so that shared code has seen every type before it counts. */
async function warmUp(runners: readonly Runner[], cpuMs: number): Promise<Map<Runner, Slice>> {
  for (const runner of runners) await runner.warm(cpuMs / 2);
  const plan = new Map<Runner, Slice>();
  for (const runner of runners) plan.set(runner, await runner.warm(cpuMs / 2));
  return plan;
}

/** Rounds of a scenario, each with its own calibration beside it. */
async function repeat(benchmark: Scenario, quick: boolean): Promise<Round[]> {
  const rounds: Round[] = [];
  const repeats = quick ? 1 : (benchmark.repeats ?? 3);
  const runners: Runner[] = [];
  for (const [name, contender] of Object.entries(calibrations)) {
    runners.push(await prepare(name, contender, runners.length));
  }
  const plan = await warmUp(runners, 40);
  for (let r = 0; r < repeats; r++) {
    const measured = await benchmark.measure({ quick });
    const beside: Record<string, number> = {};
    for (const runner of runners)
      beside[runner.name] = await runner.slice(plan.get(runner)?.calls ?? 1);
    rounds.push({ ...measured, ...beside });
  }
  return rounds;
}

type Question =
  | { readonly ask: 'warm'; readonly cpuMs: number }
  | { readonly ask: 'slice'; readonly calls: number }
  | { readonly ask: 'close' };

/** A runner whose contender lives in another process. */
async function apart(name: string): Promise<Runner> {
  const self = process.argv[1] ?? '';
  const child = fork(self, [file, budgetMs, mode, name], { execArgv: process.execArgv });
  const ask = conversation(child);
  await ask();
  return {
    name,
    warm: (cpuMs) => ask({ ask: 'warm', cpuMs }) as Promise<Slice>,
    slice: (calls) => ask({ ask: 'slice', calls }) as Promise<number>,
    async close() {
      const ended = once(child, 'exit');
      child.send({ ask: 'close' } satisfies Question);
      await ended;
    },
  };
}

/** One question, one answer; an early end of the process rejects. */
function conversation(child: ChildProcess): (question?: Question) => Promise<unknown> {
  let pending: { resolve: (answer: unknown) => void; reject: (error: Error) => void } | undefined;
  child.on('message', (answer) => pending?.resolve(answer));
  child.on('exit', (code) => pending?.reject(new Error(`contender ended with ${String(code)}`)));
  return (question) =>
    new Promise((resolve, reject) => {
      pending = { resolve, reject };
      if (question !== undefined) child.send(question);
    });
}

async function serve(contender: Contender): Promise<void> {
  const runner = await prepare(lone ?? '', contender, 0);
  process.on('message', (question: Question) => void answer(runner, question).catch(fail));
  process.send?.('ready');
}

async function answer(runner: Runner, question: Question): Promise<void> {
  switch (question.ask) {
    case 'warm':
      process.send?.(await runner.warm(question.cpuMs));
      return;
    case 'slice':
      process.send?.(await runner.slice(question.calls));
      return;
    case 'close':
      await runner.close();
      process.exit(0);
  }
}

function fail(error: unknown): void {
  console.error(error);
  process.exit(1);
}

main().catch(fail);
