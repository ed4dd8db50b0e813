import { adaptive, aimd, gradient2, vegas } from '../../src/admission/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import type { Benchmark, Round } from '../harness/benchmark.ts';
import type { Gate, PhaseResult, Scenario } from './limited-server.ts';
import { failsafe, ours, SCENARIOS, simulate } from './limited-server.ts';

const LIMITS: Record<string, (runtime: VirtualRuntime) => Gate> = {
  'no limit': ours(() => 1_000_000),
  'fixed 20': ours(() => 20),
  aimd: ours(() => aimd()),
  vegas: ours(() => vegas()),
  gradient2: ours(() => gradient2()),
  'failsafe-go': failsafe,
  adaptive: ours(() => adaptive()),
};
const RIVALS = Object.keys(LIMITS).filter((name) => name !== 'adaptive');

const benchmark: Benchmark = {
  question: 'Which limit keeps a server useful whose capacity halves and returns?',
  decision:
    'What concurrencyLimiter uses when it is told nothing; docs/admission.md has the table.',
  repeats: 1,
  measure: async ({ quick }) => {
    const scenarios = quick ? SCENARIOS.slice(0, 1) : SCENARIOS;
    const seeds = quick ? [1] : [1, 2, 3, 4, 5];
    const round: Record<string, number> = {};
    for (const [name, gate] of Object.entries(LIMITS)) {
      let worst = 1;
      for (const scenario of scenarios) {
        for (const phase of await phasesOf(scenario, gate, seeds)) {
          const label = `${scenario.name}, ${phase.name}: ${name}`;
          round[`${label}, goodput %`] = 100 * phase.goodput;
          round[`${label}, p99 ms`] = phase.p99Ms;
          worst = Math.min(worst, phase.goodput);
        }
      }
      round[`worst goodput of all, %: ${name}`] = 100 * worst;
    }
    return round satisfies Round;
  },
  goals: [
    {
      id: 'worst',
      says: 'the default never loses more than a tenth of what is possible',
      value: (figure) => figure('worst goodput of all, %: adaptive'),
      atLeast: 90,
      unit: 'count',
    },
    {
      id: 'worst-against-the-best-rival',
      says: 'its worst phase is better than the worst of every other limit',
      value: (figure) =>
        figure('worst goodput of all, %: adaptive') /
        Math.max(...RIVALS.map((name) => figure(`worst goodput of all, %: ${name}`))),
      atLeast: 1,
    },
    {
      id: 'halved',
      says: 'with half the workers it answers sooner than every limit with as much goodput',
      value: (figure) => {
        const phase = 'half the workers, and back, halved';
        const p99 = (name: string): number => figure(`${phase}: ${name}, p99 ms`);
        const good = RIVALS.filter((name) => figure(`${phase}: ${name}, goodput %`) >= 97);
        return p99('adaptive') / Math.min(...good.map(p99));
      },
      atMost: 1,
    },
  ],
};

/** The mean over the seeds. */
async function phasesOf(
  scenario: Scenario,
  gate: (runtime: VirtualRuntime) => Gate,
  seeds: readonly number[],
): Promise<PhaseResult[]> {
  const runs: PhaseResult[][] = [];
  for (const seed of seeds) runs.push(await simulate(scenario, gate, seed));
  const mean = (index: number, of: (phase: PhaseResult) => number): number =>
    runs.reduce((sum, run) => sum + of(run[index] as PhaseResult), 0) / runs.length;
  return scenario.phases.map(({ name }, index) => ({
    name,
    goodput: mean(index, (phase) => phase.goodput),
    p50Ms: mean(index, (phase) => phase.p50Ms),
    p99Ms: mean(index, (phase) => phase.p99Ms),
    refused: mean(index, (phase) => phase.refused),
    limit: mean(index, (phase) => phase.limit),
  }));
}

export default benchmark;
