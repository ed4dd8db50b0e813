// What the package costs a bundle, minified and gzipped, against .config/size-budgets.json (in KB):
//   "queue"               all that tenfold/queue adds to core, on which every subpath stands
//   "tenfold#tokenBucket" one name alone, with everything it drags in from core
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const KB = 1_024;

/** Fails when something is beyond its budget, or a subpath has none; returns a table of all. */
export async function checkSizes(
  root: string,
  consumer: string,
  names: readonly string[],
): Promise<string> {
  const file = join(root, '.config/size-budgets.json');
  const budgets = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
  const singles = Object.keys(budgets).filter((name) => name.includes('#'));
  const lines: string[] = [];
  const beyond: string[] = [];
  for (const name of [...names, ...singles]) {
    const bytes = await cost(consumer, name);
    const budget = budgets[name];
    const line = `${name}: ${(bytes / KB).toFixed(1)} KB of ${budget ?? 'no budget'}`;
    lines.push(line);
    if (budget === undefined || bytes > budget * KB) beyond.push(line);
  }
  if (beyond.length > 0) throw new Error(`beyond budget:\n${beyond.join('\n')}`);
  return `\n  ${lines.join('\n  ')}`;
}

async function cost(consumer: string, budgeted: string): Promise<number> {
  const [path = '', name] = budgeted.split('#');
  const module = path === 'tenfold' ? path : `tenfold/${path}`;
  if (name !== undefined) return sizeOf(consumer, `export { ${name} } from '${module}';`);
  const core = "export * as core from 'tenfold/core';";
  if (path === 'core') return sizeOf(consumer, core);
  const both = await sizeOf(consumer, `${core} export * as own from '${module}';`);
  return both - (await sizeOf(consumer, core));
}

async function sizeOf(consumer: string, contents: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: consumer },
    bundle: true,
    minify: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
  });
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length;
}
