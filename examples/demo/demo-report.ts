/** The report of the demo: what the tables say, and how it came about over time. */
import type { Block, LineChart, Report, Series } from 'tenfold/dashboard';
import { BAD_CAPACITY, GATEWAY_LIMIT_MS } from './backend.ts';
import type { DemoOptions } from './options.ts';
import type { PlatformFacts } from './platform.ts';
import type { Findings } from './findings.ts';
import type { FinishedRun } from './run.ts';
import { REFERENCE_BATCH } from './service-time.ts';
import {
  partsTable,
  resultTable,
  type Shares,
  shareTables,
  situationOf,
  WIRING_COLORS,
} from './tables.ts';
import type { Timeline } from './timeline.ts';

/** Everything the report tells of. */
export interface DemoOutcome {
  readonly options: DemoOptions;
  readonly facts: PlatformFacts;
  readonly found: Findings;
  /** The command line that makes this report again. */
  readonly command: string;
}

/** Makes the report. */
export function demoReport(outcome: DemoOutcome): Report {
  const { options } = outcome;
  const { runs, shares } = outcome.found;
  const results = runs.map((run) => run.result);
  const scales = [...new Set(results.map((result) => result.scale))];
  const greatest = scales[scales.length - 1] ?? 1;
  const overTime = scales.map((scale) => ({
    label: `${scale}×`,
    blocks: charts(
      runs.filter(({ result }) => result.scale === scale && result.budget === null),
      options,
    ),
  }));
  return {
    title: `A real hour of LLM traffic at ${greatest}× its load`,
    subtitle:
      'Recorded requests of two services, replayed in virtual time through three wirings of one agent platform whose backend has a bad few minutes.',
    figures: figures(outcome, greatest),
    blocks: [
      resultTable(results),
      partsTable(results),
      {
        kind: 'section',
        title: 'Over time',
        blocks: [{ kind: 'tabs', label: 'load', selected: scales.length - 1, tabs: overTime }],
      },
      ...(shares.length === 0 ? [] : [sharesSection(shares)]),
      { kind: 'section', title: 'How it was made', blocks: [method(outcome)] },
    ],
    provenance: {
      command: outcome.command,
      seed: options.seed,
      facts: { model: options.speed.label, jitter: `±${options.jitterMs} ms` },
      sources: [
        {
          label:
            'Traces: Azure LLM inference trace 2023, Azure/AzurePublicDataset, CC-BY 4.0 (unless --trace names others)',
          url: 'https://github.com/Azure/AzurePublicDataset/blob/master/AzureLLMInferenceDataset2023.md',
        },
        {
          label:
            'Service times: P. Patel et al., Splitwise: Efficient Generative LLM Inference Using Phase Splitting, ISCA 2024, and its profiling data',
          url: 'https://github.com/Mutinifni/splitwise-sim',
        },
      ],
    },
  };
}

function figures({ found: { runs } }: DemoOutcome, scale: number): Report['figures'] & object {
  const of = (wiring: string): FinishedRun['result'] | undefined =>
    runs.find(
      ({ result }) =>
        result.scale === scale && result.budget === null && result.wiring.startsWith(wiring),
    )?.result;
  const [bare, elastic, guarded] = [of('bare'), of('elastic'), of('guarded')];
  if (!bare || !elastic || !guarded) return [];
  const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;
  return [
    {
      label: `goodput at ${scale}×, guarded`,
      value: guarded.goodput,
      unit: 'ratio',
      detail: `elastic ${percent(elastic.goodput)}, bare ${percent(bare.goodput)}`,
      tone: 'good',
    },
    {
      label: 'answered too late',
      value: guarded.late,
      unit: 'count',
      detail: `elastic ${elastic.late.toLocaleString('en')}, bare ${bare.late.toLocaleString('en')}`,
    },
    {
      label: 'worker-hours',
      value: guarded.workers.hours,
      unit: 'hours',
      detail: `elastic ${elastic.workers.hours.toFixed(0)} h, bare ${bare.workers.hours.toFixed(0)} h`,
    },
    {
      label: 'requests replayed',
      value: runs.reduce((sum, { result }) => sum + result.offered, 0),
      unit: 'count',
      detail: `in ${runs.length} runs`,
    },
  ];
}

/** The charts of one load level: all its wirings over each other. */
export function charts(runs: readonly FinishedRun[], options: DemoOptions): LineChart[] {
  const [first] = runs;
  if (!first) return [];
  const lines = runs.map(({ result, timeline }) => ({
    name: result.wiring,
    color: WIRING_COLORS[result.wiring] ?? 2,
    line: timeline,
  }));
  const series = (pick: (line: Timeline) => readonly number[], style: Series['style']): Series[] =>
    lines.map(({ name, color, line }) => ({
      name,
      color,
      x: line.atMs,
      y: pick(line),
      ...(style === undefined ? {} : { style }),
    }));
  const base = {
    kind: 'lines',
    x: { unit: 'clock' },
    bands: options.bad === undefined ? [] : [{ ...options.bad, label: 'backend bad' }],
  } as const;
  return [
    {
      ...base,
      title: `Answered in time, per second of arrival, at ${first.result.scale}×`,
      caption: 'Grey: everything that arrived. The gap to it was rejected, lost or late.',
      y: { unit: 'perSecond' },
      series: [
        {
          name: 'arrived',
          x: first.timeline.atMs,
          y: first.timeline.arrivalsPerSecond,
          style: 'area',
          color: 7,
        },
        ...series((line) => inTimePerSecond(line), undefined),
      ],
    },
    {
      ...base,
      title: 'Latency by time of arrival, 95th percentile of the answered',
      y: { unit: 'ms', scale: 'log' },
      marks: options.traces.map(({ service }) => ({
        value: service.deadlineMs,
        label: `deadline, ${service.name}`,
      })),
      series: series((line) => line.p95Ms, undefined),
    },
    {
      ...base,
      title: 'Requests in the queue',
      caption: 'Logarithmic; an empty queue is not drawn.',
      y: { unit: 'count', scale: 'log', min: 1 },
      series: series((line) => line.waiting, undefined),
    },
    {
      ...base,
      title: 'Workers',
      y: { unit: 'count' },
      series: series((line) => line.workers, 'step'),
    },
  ];
}

function inTimePerSecond(line: Timeline): number[] {
  return line.goodput.map((share, i) => share * (line.arrivalsPerSecond[i] ?? 0));
}

function sharesSection(shares: readonly Shares[]): Block {
  const guards = shares[0]?.without.map(({ guard }) => guard) ?? [];
  return {
    kind: 'section',
    title: 'What each guard brings',
    blocks: [
      ...shareTables(shares),
      {
        kind: 'bars',
        title: 'Goodput without it',
        unit: 'points',
        signed: true,
        categories: guards,
        series: shares.map(({ guarded, without }, color) => ({
          name: situationOf(guarded),
          values: without.map(({ result }) => result.goodput - guarded.goodput),
          color,
        })),
      },
    ],
  };
}

function method({ facts, options }: DemoOutcome): Block {
  const { pool } = facts;
  const seconds = (ms: number): string => `${ms / 1_000} s`;
  return {
    kind: 'text',
    paragraphs: [
      `Every recorded request comes as often as the load level says, each copy moved by up to ±${options.jitterMs} ms; time is never compressed. Tenants are drawn by seed, once per level, so that all wirings meet the same requests.`,
      `A request takes its published time to first token, by context length, plus a time for every further token. The backend has machines for the mean load of the level at a batch of ${REFERENCE_BATCH}; the more calls a machine has in flight the slower each becomes, as published, and the gateway gives up on a call after ${seconds(GATEWAY_LIMIT_MS)}.${options.bad === undefined ? '' : ` In the bad interval ${BAD_CAPACITY * 100}% of the machines are left.`}`,
      `bare: ${pool.workers} workers, the fixed pool for the traffic of today (busiest minute ${pool.busiestMinuteErlang.toFixed(1)} Erlang plus twice its square root), and an unbounded queue, first in, first out.`,
      `elastic: the same queue; the pool follows the load between ${pool.workers} and ${facts.maxWorkers} workers, each ready ${seconds(facts.workerStartMs)} after it was asked for.`,
      'guarded: the same elastic pool behind a token bucket per tenant, a bounded priority queue with deadlines, a circuit breaker and a time-out.',
    ],
  };
}
