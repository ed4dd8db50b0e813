// What the package costs a bundle, minified and gzipped, against .config/size-budgets.json (in KB):
//   "queue"               all of our code that tenfold/queue adds to core, on which all stand
//   "tenfold#tokenBucket" one name alone, with everything it drags in, dependencies too
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
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  const dependencies = Object.keys(manifest.dependencies ?? {});
  const singles = Object.keys(budgets).filter((name) => name.includes('#'));
  const lines: string[] = [];
  const beyond: string[] = [];
  for (const name of [...names, ...singles]) {
    const bytes = await cost(consumer, name, dependencies);
    const budget = budgets[name];
    const line = `${name}: ${(bytes / KB).toFixed(1)} KB of ${budget ?? 'no budget'}`;
    lines.push(line);
    if (budget === undefined || bytes > budget * KB) beyond.push(line);
  }
  if (beyond.length > 0) throw new Error(`beyond budget:\n${beyond.join('\n')}`);
  return `\n  ${lines.join('\n  ')}`;
}

async function cost(
  consumer: string,
  budgeted: string,
  dependencies: readonly string[],
): Promise<number> {
  const [path = '', name] = budgeted.split('#');
  const module = path === 'tenfold' ? path : `tenfold/${path}`;
  if (name !== undefined) return sizeOf(consumer, `export { ${name} } from '${module}';`, []);
  const core = "export * as core from 'tenfold/core';";
  const ground = await sizeOf(consumer, core, dependencies);
  if (path === 'core') return ground;
  return (
    (await sizeOf(consumer, `${core} export * as own from '${module}';`, dependencies)) - ground
  );
}

async function sizeOf(
  consumer: string,
  contents: string,
  external: readonly string[],
): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: consumer },
    external: [...external],
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
