import { reportHtml, tableText } from 'tenfold/dashboard';
import { beforeAll, describe, expect, it } from 'vitest';
import { demoReport } from '../../examples/demo/demo-report.ts';
import { type Findings, findings } from '../../examples/demo/findings.ts';
import { GUARDS } from '../../examples/demo/guards.ts';
import { type PlannedRun, plannedRuns } from '../../examples/demo/plan.ts';
import { runner } from '../../examples/demo/scenario.ts';
import { resultTable, shareTables } from '../../examples/demo/tables.ts';
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

const never = (): never => {
  throw new Error('there are no findings');
};
const inOrder = planned.map((_, i) => i);

beforeAll(async () => {
  found = await findAll(inOrder);
}, 60_000);

describe('plannedRuns', () => {
  it('makes three wirings per load, and two at the greatest with half the workers', () => {
    const main = planned.filter(({ shareOf }) => shareOf === undefined);

    expect(main.map(({ scale, label, budget }) => `${scale} ${label} ${budget}`)).toEqual([
      '1 bare 1',
      '1 elastic 1',
      '1 guarded 1',
      '2 bare 1',
      '2 elastic 1',
      '2 guarded 1',
      '2 elastic 0.5',
      '2 guarded 0.5',
    ]);
  });

  it('leaves out each guard in turn at every load, at the greatest with half the workers', () => {
    const shares = planned.slice(8);

    expect(shares.map(({ scale, budget }) => `${scale} ${budget}`)).toEqual(
      ['1 1', '2 0.5'].flatMap((situation) => GUARDS.map(() => situation)),
    );
    expect(shares.map(({ without }) => without)).toEqual(
      [1, 2].flatMap(() => GUARDS.map((guard) => [guard])),
    );
  });

  it('sets no budget of its own where there is one', () => {
    const { options } = smallScenario('--scale', '1,2', '--max-workers', '5');
    const runs = plannedRuns(options);

    expect(runs.every(({ budget }) => budget === 1)).toBe(true);
    expect(runs.filter(({ shareOf }) => shareOf === 'bound').map(({ scale }) => scale)).toEqual([
      1, 2,
    ]);
  });

  it('shows the guards of a single load with all and with half the workers', () => {
    const runs = plannedRuns(smallScenario('--scale', '2').options);

    expect(runs.filter(({ shareOf }) => shareOf === 'bound').map(({ budget }) => budget)).toEqual([
      1, 0.5,
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
    expect(partial.shares).toEqual([]);
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
    expect(text.match(/^guarded/gm)).toHaveLength(3);
    expect(text).toMatch(/^2× load, 1,800 requests, at most \d+ workers$/m);
  });

  it('says of each guard what it brings in every situation, and all of it in the tightest', () => {
    const [goodput, vain, detail] = shareTables(found.shares);

    expect(goodput?.columns.map(({ label }) => label)).toEqual([
      '1×',
      expect.stringMatching(/^2×, \d+ workers$/),
      '',
    ]);
    const [{ guarded, without } = never()] = found.shares;
    const [first = never()] = without;
    expect(goodput?.rows[0]?.cells[0]).toBe(first.result.goodput - guarded.goodput);
    expect(vain?.rows[0]?.cells[0]).toBe(first.result.vainHours - guarded.vainHours);
    expect(detail?.title).toMatch(/^What each guard brings, at 2×, \d+ workers$/);
    expect(detail?.rows.map(({ label }) => label)).toEqual([...GUARDS]);
  });
});
