// Runs each file of examples against the installed tarball. An example runs unaided and asserts its
// claim; a first line `// arguments: --scale 1` gives what a check should pass to it.
import { build } from 'esbuild';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { link } from './consumer.ts';
import { shell } from './shell.ts';
import type { Steps } from './steps.ts';

/** One step per example: bundled without the package, run in the consumer's folder. */
export async function runExamples(
  root: string,
  consumer: string,
  step: Steps['step'],
): Promise<void> {
  const folder = join(root, 'examples');
  const files = existsSync(folder) ? readdirSync(folder).filter((f) => /\.(ts|mjs)$/.test(f)) : [];
  if (existsSync(join(folder, 'data'))) {
    cpSync(join(folder, 'data'), join(consumer, 'examples/data'), { recursive: true });
  }
  for (const file of files.sort()) {
    await step(`example ${file}`, () => runExample(root, consumer, file));
  }
}

async function runExample(root: string, consumer: string, file: string): Promise<void> {
  const source = join(root, 'examples', file);
  const outfile = join(consumer, 'examples', file.replace(/\.ts$/, '.mjs'));
  const { metafile } = await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    metafile: true,
    packages: 'external',
    // The package by its name, never the source that the repository's own paths point to.
    tsconfigRaw: '{}',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
  });
  for (const { imports } of Object.values(metafile.outputs)) {
    for (const name of imports.map(({ path }) => packageName(path))) {
      if (name !== 'tenfold' && existsSync(join(root, 'node_modules', name))) {
        link(root, consumer, name);
      }
    }
  }
  const args = /^\/\/ arguments: (.*)$/m.exec(readFileSync(source, 'utf8'))?.[1]?.split(' ') ?? [];
  await shell(process.execPath, [outfile, ...args], { cwd: consumer, timeoutMs: 120_000 });
}

function packageName(path: string): string {
  return path
    .split('/')
    .slice(0, path.startsWith('@') ? 2 : 1)
    .join('/');
}
