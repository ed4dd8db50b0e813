import type { Benchmark } from '../harness/benchmark.ts';
import { SCENARIOS, simulate } from './cluster.ts';
import { POLICIES } from './policies.ts';

const names = Object.keys(SCENARIOS);
const p99 = (policy: string, scenario: string): string => `${policy}, ${scenario}: p99, ms`;
const errors = (policy: string): string => `${policy}: % errors with a failing host`;
type Figure = (name: string) => number;

/** The best p99 of a scenario. */
const bestOf = (figure: Figure, scenario: string): number =>
  Math.min(...Object.keys(POLICIES).map((policy) => figure(p99(policy, scenario))));

const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

const meanOf = (figure: Figure, policy: string): number =>
  geometricMean(names.map((scenario) => figure(p99(policy, scenario))));

const benchmark: Benchmark = {
  question: 'How long do callers wait, and how many calls fail, with each policy?',
  decision: 'Which policy is the default. Virtual time: exact for a seed. Ejection is off.',
  measure: async ({ quick }) => {
    const figures: Record<string, number> = {};
    for (const [policy, policyOf] of Object.entries(POLICIES)) {
      for (const [scenario, shape] of Object.entries(SCENARIOS)) {
        const found = await simulate(shape, policyOf, {
          ...{ seed: 1, durationMs: quick ? 4_000 : 10_000, balancing: { outliers: false } },
        });
        figures[p99(policy, scenario)] = found.p99;
        if (shape.failing !== undefined) figures[errors(policy)] = found.errorRatio * 100;
      }
    }
    return figures;
  },
  repeats: 1,
  goals: [
    {
      id: 'default-mean',
      says: 'the default is within 10 % of the best policy in the geometric mean of p99',
      value: (figure) =>
        meanOf(figure, 'ewma') /
        Math.min(...Object.keys(POLICIES).map((policy) => meanOf(figure, policy))),
      atMost: 1.1,
    },
    {
      id: 'default-worst',
      says: 'and in no scenario worse than 1.35 times the best there',
      value: (figure) =>
        Math.max(
          ...names.map((scenario) => figure(p99('ewma', scenario)) / bestOf(figure, scenario)),
        ),
      atMost: 1.35,
    },
    {
      id: 'no-black-hole',
      says: 'one host of forty that fails fast gets at most 0.1 % of the calls, without ejection',
      value: (figure) => figure(errors('ewma')),
      atMost: 0.1,
    },
  ],
};

export default benchmark;
