// What each subpath costs a bundle, minified and gzipped, against .config/size-budgets.json.
// A budget counts what the subpath adds to core, since every subpath stands on core and an
// application pays for that once.
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const KB = 1_024;

/** Fails when a subpath is beyond its budget; returns a table of all. */
export async function checkSizes(
  root: string,
  consumer: string,
  names: readonly string[],
): Promise<string> {
  const file = join(root, '.config/size-budgets.json');
  const budgets = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
  const core = await sizeOf(consumer, ['tenfold/core']);
  const lines: string[] = [];
  const beyond: string[] = [];
  for (const name of names) {
    const alone = await sizeOf(consumer, [`tenfold/${name}`]);
    const both = await sizeOf(consumer, ['tenfold/core', `tenfold/${name}`]);
    const own = name === 'core' ? core : Math.max(0, both - core);
    const budget = budgets[name];
    const line = `${name}: ${kb(own)} KB of ${budget ?? 'no budget'}, ${kb(alone)} KB alone`;
    lines.push(line);
    if (budget === undefined || own > budget * KB) beyond.push(line);
  }
  if (beyond.length > 0) throw new Error(`beyond budget:\n${beyond.join('\n')}`);
  return `\n  ${lines.join('\n  ')}`;
}

function kb(bytes: number): string {
  return (bytes / KB).toFixed(1);
}

async function sizeOf(consumer: string, modules: readonly string[]): Promise<number> {
  const { outputFiles } = await build({
    stdin: {
      contents: modules.map((name, n) => `export * as m${n} from '${name}';`).join('\n'),
      resolveDir: consumer,
    },
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
