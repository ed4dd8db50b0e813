// Back-tests tenfold's policies and every preset on the load traces: `npm run backtest`.
//   --startup 60,180   start-up times in seconds
//   --only NAME,…      traces by name
//   --report PATH      writes a page with plots (one per start-up time: PATH-60s.html)
//   --docs             writes what it prints about HPA v2 and us into docs/scale.md, and its picture
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fill } from '../../.config/tools/readme.ts';
import { progressBar, tableText, writeReport } from '../../src/dashboard/index.ts';
import {
  backtest,
  backtestComparison,
  backtestReport,
  backtestTable,
} from '../../src/scale/index.ts';
import { pictureOf } from './picture.ts';
import { readTrace, TRACES } from './traces.ts';
import { candidates, CAPACITY } from './candidates.ts';

const { values } = parseArgs({
  options: {
    startup: { type: 'string', default: '60,180' },
    only: { type: 'string', default: TRACES.join(',') },
    report: { type: 'string' },
    docs: { type: 'boolean', default: false },
  },
});
const names = values.only.split(',').map((name) => {
  const found = TRACES.find((trace) => trace === name);
  if (found === undefined) throw new Error(`no trace ${name}; there are ${TRACES.join(', ')}`);
  return found;
});
const traces = names.map(readTrace);
const BASELINE = 'HPA v2';
const OURS = ['tenfold default', 'tenfold + predictive'];
const DOCS = 'docs/scale.md';
const PICTURE = 'docs/images/scale.svg';
const CUTTING = { trace: 'crane 8', policies: [BASELINE, 'tenfold default'], from: 28, to: 40 };

for (const seconds of values.startup.split(',').map(Number)) {
  const bar = progressBar(process.stderr);
  const policies = Object.fromEntries(
    Object.entries(candidates).map(([name, make]) => [name, make()]),
  );
  const result = backtest(traces, policies, {
    startupMs: seconds * 1000,
    capacity: CAPACITY,
    onProgress: (done, total) => bar.update(done / total, `start-up ${seconds} s`),
  });
  bar.close();
  const comparison = tableText(backtestComparison(result, BASELINE, OURS));
  console.log(`\nStart-up ${seconds} s\n\n${tableText(backtestTable(result))}`);
  console.log(`\nAgainst ${BASELINE}\n\n${comparison}`);
  if (values.docs) {
    const text = readFileSync(DOCS, 'utf8');
    const fence = `\`\`\`text\n${comparison}\n\`\`\``;
    writeFileSync(DOCS, fill(text, `start-up ${seconds} s`, fence));
    if (seconds === 60) writeFileSync(PICTURE, pictureOf(result, CUTTING));
  }
  if (values.report !== undefined) {
    const command = `npm run backtest -- --startup ${seconds}`;
    const path = `${values.report.replace(/\.html$/, '')}-${seconds}s.html`;
    await writeReport(path, backtestReport(result, { command, baseline: BASELINE }));
    console.log(`written to ${path}`);
  }
}
