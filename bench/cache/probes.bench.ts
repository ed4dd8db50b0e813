import { systemRuntime } from '../../src/core/index.ts';
import { ourWorld } from '../../test/cache/our-world.ts';
import type { Verdict, World } from '../../test/cache/probes.ts';
import { probes } from '../../test/cache/probes.ts';
import type { Benchmark } from '../harness/benchmark.ts';
import { bentoWorld, cacheableWorld, cacheManagerWorld } from './rival-worlds.ts';

const worlds: Readonly<Record<string, () => World>> = {
  tenfold: () => ourWorld(systemRuntime()),
  bentocache: bentoWorld,
  cacheable: cacheableWorld,
  'cache-manager': cacheManagerWorld,
};

const MARKS = new Map([
  [true, '✓'],
  [false, '✗'],
  [undefined, ''],
]);

async function asked(probe: (typeof probes)[number], world: World): Promise<Verdict> {
  try {
    return await probe.ask(world);
  } catch (error) {
    return { passed: false, seen: error instanceof Error ? error.message : String(error) };
  }
}

/** Columns as wide as their widest cell. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((row) => row[c]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, c) => cell.padEnd(widths[c] ?? 0)).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

const benchmark: Benchmark = {
  question: 'Who passes the hard cases of caching?',
  decision: 'Whether the promises of docs/cache.md are more than words.',
  repeats: 1,
  measure: async () => {
    const names = Object.keys(worlds);
    const passed = new Map(names.map((name) => [name, 0]));
    const rows: string[][] = [['probe', ...names]];
    for (const probe of probes) {
      const row = [probe.name];
      for (const name of names) {
        const verdict = await asked(probe, (worlds[name] as () => World)());
        row.push(`${MARKS.get(verdict.passed)} ${verdict.seen}`.trim());
        if (verdict.passed === true) passed.set(name, (passed.get(name) ?? 0) + 1);
      }
      rows.push(row);
    }
    process.stderr.write(`${table(rows)}\n`);
    return Object.fromEntries([...passed].map(([name, count]) => [`${name} passes`, count]));
  },
  goals: [
    {
      id: 'passes',
      says: `passes all ${probes.length} probes`,
      value: (figure) => figure('tenfold passes'),
      atLeast: probes.length,
      unit: 'count',
    },
  ],
};

export default benchmark;
