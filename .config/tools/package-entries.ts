// Keeps package.json's `exports` and `typesVersions` in step with the folders of src: each
// src/<name>/index.ts is the subpath `tenfold/<name>`. The folders are the one source of truth.
//   npm run entries          rewrites package.json
//   test/package.test.ts     fails when the two are out of step
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

type Conditions = Record<'import' | 'require', { types: string; default: string }>;

/** What package.json must say for the subpaths found. */
export interface Entries {
  readonly exports: Readonly<Record<string, Conditions | string>>;
  readonly typesVersions: Readonly<Record<'*', Readonly<Record<string, readonly string[]>>>>;
}

/** Names of the subpaths: the folders of src that have an index.ts, sorted. */
export function subpaths(root: string): string[] {
  return readdirSync(join(root, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, 'src', entry.name, 'index.ts')))
    .map((entry) => entry.name)
    .sort();
}

/** The `exports` and `typesVersions` for these subpaths. */
export function entriesFor(names: readonly string[]): Entries {
  const exports: Record<string, Conditions | string> = { '.': conditions('./dist/index') };
  const types: Record<string, readonly string[]> = {};
  for (const name of names) {
    exports[`./${name}`] = conditions(`./dist/${name}/index`);
    // Explicit, never a wildcard: `*` would also catch the root. Old resolvers are CommonJS.
    types[name] = [`./dist/${name}/index.d.cts`];
  }
  exports['./package.json'] = './package.json';
  return { exports, typesVersions: { '*': types } };
}

function conditions(file: string): Conditions {
  return {
    import: { types: `${file}.d.ts`, default: `${file}.js` },
    require: { types: `${file}.d.cts`, default: `${file}.cjs` },
  };
}

function main(): void {
  const file = join(process.cwd(), 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const names = subpaths(process.cwd());
  writeFileSync(file, `${JSON.stringify({ ...manifest, ...entriesFor(names) }, null, 2)}\n`);
  console.log(`package.json exports the root and ${names.length} subpaths: ${names.join(', ')}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
