// Prints the whole table of policies and scenarios: p99 in ms, and the share of errors.
//   npx tsx bench/balance/simulate.ts [seconds] [policy …]
import { SCENARIOS, simulate } from './cluster.ts';
import { POLICIES } from './policies.ts';

const [seconds = '20', ...only] = process.argv.slice(2);
const names = only.length > 0 ? only : Object.keys(POLICIES);
const rows: Record<string, Record<string, string>> = {};
for (const name of names) {
  const row: Record<string, string> = {};
  for (const [scenario, shape] of Object.entries(SCENARIOS)) {
    const found = await simulate(shape, POLICIES[name]!, {
      ...{ seed: 1, durationMs: Number(seconds) * 1_000, balancing: { outliers: false } },
    });
    const errors = found.errorRatio > 0 ? `, ${(found.errorRatio * 100).toFixed(2)} %` : '';
    row[scenario] = `${found.p99.toFixed(0)} (${found.p999.toFixed(0)})${errors}`;
  }
  rows[name] = row;
  console.log(name, JSON.stringify(row));
}
console.table(rows);
