import { reportHtml, tableText } from 'tenfold/dashboard';
import { beforeAll, describe, expect, it } from 'vitest';
import { demoReport } from '../../examples/demo/demo-report.ts';
import { type Findings, findings } from '../../examples/demo/findings.ts';
import { type PlannedRun, plannedRuns } from '../../examples/demo/plan.ts';
import { runner } from '../../examples/demo/scenario.ts';
import { resultTable } from '../../examples/demo/tables.ts';
import { smallScenario } from './small-trace.ts';

const scenario = smallScenario('--scale', '1,2', '--seed', '2');
const planned = plannedRuns(scenario.options);
let found: Findings;

async function findAll(order: readonly number[]): Promise<Findings> {
  const result = findings(scenario.options, planned);
  const runs = runner(scenario);
  for (const i of order) {
    result.add(i, await runs.run(planned[i] as PlannedRun, () => undefined));
  }
  return result;
}

const inOrder = planned.map((_, i) => i);

beforeAll(async () => {
  found = await findAll(inOrder);
}, 60_000);

describe('plannedRuns', () => {
  it('makes three wirings per load, then the guarded one without each guard at the greatest', () => {
    expect(planned.slice(0, 6).map(({ scale, label }) => `${scale} ${label}`)).toEqual([
      '1 bare',
      '1 elastic',
      '1 guarded',
      '2 bare',
      '2 elastic',
      '2 guarded',
    ]);
    expect(planned.slice(6).every(({ scale }) => scale === 2)).toBe(true);
    expect(planned.slice(6).map(({ without }) => without[0])).toEqual([
      'admission',
      'priority',
      'deadline',
      'bound',
      'breaker',
      'timeout',
      'scaling',
    ]);
  });

  it('leaves guards out of the guarded wiring only', () => {
    const { options } = smallScenario('--scale', '1', '--without', 'breaker');

    expect(plannedRuns(options).map(({ label }) => label)).toEqual([
      'bare',
      'elastic',
      'guarded without breaker',
    ]);
  });
});

describe('findings', () => {
  it('give the same bytes in whatever order the runs came in', async () => {
    const backwards = await findAll([...inOrder].reverse());

    expect(backwards.json('complete')).toBe(found.json('complete'));
  });

  it('hold what is known so far', async () => {
    const partial = findings(scenario.options, planned);
    expect(JSON.parse(partial.json('interrupted'))).toMatchObject({
      state: 'interrupted',
      results: [],
      without: [],
    });
    expect(partial.shares).toBeUndefined();
  });
});

describe('the report', () => {
  const report = (): string =>
    reportHtml(demoReport({ ...scenario, found, command: 'npm run demo -- --seed 2' }));

  it('is the same for the same findings and says how it was made', () => {
    expect(report()).toBe(report());
    expect(report()).toContain('npm run demo -- --seed 2');
    expect(report()).toContain('CC-BY 4.0');
  });

  it('has a chart of arrivals, latency, queue and workers per load, all wirings over each other', () => {
    const charts = JSON.parse(/id="charts">(.*?)<\/script>/.exec(report())?.[1] ?? '[]') as {
      curves: [string][];
    }[];

    expect(charts).toHaveLength(8);
    for (const { curves } of charts) {
      expect(curves.map(([name]) => name)).toEqual(
        expect.arrayContaining(['bare', 'elastic', 'guarded']),
      );
    }
  });

  it('prints the same figures as a table for the terminal', () => {
    const text = tableText(resultTable(found.runs.map(({ result }) => result)));

    expect(text.split('\n')[0]).toMatch(/^wiring +goodput +p50 +p95 +p99 +late/);
    expect(text.match(/^guarded/gm)).toHaveLength(2);
  });
});
