// Back-tests tenfold's policies and every preset on the load traces: `npm run backtest`.
//   --startup 60,180   start-up times in seconds
//   --only NAME,…      traces by name
//   --report PATH      writes a page with plots (one per start-up time: PATH-60s.html)
import { parseArgs } from 'node:util';
import { progressBar, tableText, writeReport } from '../../src/dashboard/index.ts';
import type { BacktestResult, BacktestRow } from '../../src/scale/index.ts';
import { backtest, backtestReport, backtestTable } from '../../src/scale/index.ts';
import { readTrace, TRACES } from './traces.ts';
import { candidates, CAPACITY } from './candidates.ts';

const { values } = parseArgs({
  options: {
    startup: { type: 'string', default: '60,180' },
    only: { type: 'string', default: TRACES.join(',') },
    report: { type: 'string' },
  },
});
const names = values.only.split(',').map((name) => {
  const found = TRACES.find((trace) => trace === name);
  if (found === undefined) throw new Error(`no trace ${name}; there are ${TRACES.join(', ')}`);
  return found;
});
const traces = names.map(readTrace);
const bar = progressBar(process.stderr);

for (const seconds of values.startup.split(',').map(Number)) {
  const policies = Object.fromEntries(
    Object.entries(candidates).map(([name, make]) => [name, make()]),
  );
  const result = backtest(traces, policies, {
    startupMs: seconds * 1000,
    capacity: CAPACITY,
    onProgress: (done, total) => bar.update(done / total, `start-up ${seconds} s`),
  });
  bar.close();
  console.log(`\nStart-up ${seconds} s\n`);
  console.log(tableText(backtestTable(result)));
  for (const policy of ['tenfold default', 'tenfold + predictive']) {
    console.log(verdict(result, policy));
  }
  if (values.report !== undefined) {
    const command = `npm run backtest -- --startup ${seconds}`;
    const path = `${values.report.replace(/\.html$/, '')}-${seconds}s.html`;
    await writeReport(path, backtestReport(result, { command }));
    console.log(`written to ${path}`);
  }
}

/** How a policy compares with HPA v2. */
function verdict(result: BacktestResult, policy: string): string {
  const pairs = names.map((name) => [rowOf(result, name, 'HPA v2'), rowOf(result, name, policy)]);
  const lines = pairs.map(([base, ours]) => {
    const [b, o] = [base?.score, ours?.score];
    if (b === undefined || o === undefined) return '';
    const cost = (o.costRatio / b.costRatio - 1) * 100;
    return `  ${(ours?.trace ?? '').padEnd(16)} lacking ${percent(b.underTime)} -> ${percent(o.underTime)}, overloaded ${percent(b.overloadedRatio)} -> ${percent(o.overloadedRatio)}, cost ${cost >= 0 ? '+' : ''}${cost.toFixed(1)} %`;
  });
  return [`${policy} against HPA v2:`, ...lines].join('\n');
}

function rowOf(result: BacktestResult, trace: string, policy: string): BacktestRow | undefined {
  return result.rows.find((row) => row.trace === trace && row.policy === policy);
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(ratio < 0.01 ? 3 : 1)} %`;
}
