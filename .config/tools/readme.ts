// Fills what the pages must not say from memory: the table of subpaths with their sizes, and what
// the demo prints and draws. Everything between `<!-- NAME -->` and `<!-- /NAME -->` is written here.
//   npm run readme           rewrites README.md, docs/demo.md and docs/images/demo.svg (runs the demo)
//   npm run readme -- sizes  only the table of subpaths
import { build } from 'esbuild';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { subpaths } from './package-entries.ts';
import { shell } from './shell.ts';

const PICTURE = 'docs/images/demo.svg';

/** Replaces what stands between a pair of markers; throws when they are not there. */
export function fill(text: string, name: string, content: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(open);
  const to = text.indexOf(close);
  if (from < 0 || to < from) throw new Error(`there is no place for ${name}`);
  return `${text.slice(0, from)}${open}\n\n${content}\n\n${text.slice(to)}`;
}

/** The first sentence of a subpath's index.ts, which says what it is for. */
export function purposeOf(root: string, name: string): string {
  const text = readFileSync(join(root, 'src', name, 'index.ts'), 'utf8');
  const comment = /^\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? '';
  const words = comment.replaceAll(/\s*\n\s*\*?\s*/g, ' ').trim();
  return (/^.*?\.(?=\s|$)/.exec(words)?.[0] ?? words).replace(/\.$/, '');
}

async function subpathTable(root: string): Promise<string> {
  const core = await bundledSize(root, ['core']);
  const rows = await Promise.all(
    subpaths(root).map(async (name) => {
      const added = name === 'core' ? core : (await bundledSize(root, ['core', name])) - core;
      return `| \`tenfold/${name}\` | ${purposeOf(root, name)} | ${(added / 1_024).toFixed(1)} KB |`;
    }),
  );
  return ['| import | for | size |', '|---|---|---:|', ...rows].join('\n');
}

/** Everything these subpaths export, as a bundler would ship it. */
async function bundledSize(root: string, names: readonly string[]): Promise<number> {
  const { outputFiles } = await build({
    stdin: {
      contents: names.map((name) => `export * as ${name} from './${name}/index.ts';`).join('\n'),
      resolveDir: join(root, 'src'),
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

/** Runs the demo; returns what it prints, in parts that are separated by empty lines. */
async function demo(root: string, ...args: string[]): Promise<string[]> {
  const all = ['run', '--silent', 'demo', '--', '--quiet', '--report', 'none', ...args];
  const text = await shell('npm', all, { cwd: root, timeoutMs: 1_200_000 });
  return text.trimEnd().split('\n\n');
}

const fence = (parts: readonly string[]): string => `\`\`\`text\n${parts.join('\n\n')}\n\`\`\``;

async function main(): Promise<void> {
  const root = process.cwd();
  const rewrite = (path: string, fillIn: (text: string) => string): void =>
    writeFileSync(join(root, path), fillIn(readFileSync(join(root, path), 'utf8')));
  const subpaths = await subpathTable(root);
  rewrite('README.md', (text) => fill(text, 'subpaths', subpaths));
  if (process.argv[2] !== 'sizes') {
    const all = await demo(root, '--picture', join(root, PICTURE));
    const isShort = (part: string): boolean => /^(wiring|10?× load)/.test(part);
    rewrite('README.md', (text) => fill(text, 'demo', fence(all.filter(isShort))));
    rewrite('docs/demo.md', (text) => fill(text, 'demo', fence(all)));
  }
  const pages = ['README.md', 'docs/demo.md'];
  await shell('npx', ['prettier', '--write', ...pages], { cwd: root, timeoutMs: 60_000 });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
