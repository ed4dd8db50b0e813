// A consumer of the packed tarball: an empty folder that installs it, loads it and compiles with it.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shell } from './shell.ts';

/** Installs the tarball into an empty folder, with nothing else. */
export async function prepareConsumer(consumer: string, tarball: string): Promise<void> {
  writeFileSync(join(consumer, 'package.json'), '{ "private": true }\n');
  const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline'];
  await shell('npm', ['install', tarball, ...quiet], { cwd: consumer });
}

// Runs in the consumer: both formats load, give the same names, and neither loads core twice.
const LOAD = `
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const faults = [];
const seen = { import: new Map(), require: new Map() };
for (const name of process.argv.slice(2)) {
  const modules = { import: await import(name), require: require(name) };
  const names = Object.keys(modules.import).filter((key) => key !== 'default' && key !== 'module.exports').sort();
  const others = Object.keys(modules.require).sort();
  if (names.join() !== others.join()) faults.push(name + ': ESM has ' + names + ', CommonJS ' + others);
  for (const format of ['import', 'require']) {
    for (const key of names) {
      const value = modules[format][key];
      const before = seen[format].get(key);
      const twice = before !== undefined && before.value !== value && key.endsWith('Error');
      if (twice) faults.push(format + ': ' + key + ' differs between ' + before.name + ' and ' + name);
      seen[format].set(key, { value, name });
    }
  }
}
if (faults.length > 0) throw new Error(faults.join('\\n'));
`;

/** Loads every subpath in both formats. */
export async function loadEverywhere(consumer: string, names: readonly string[]): Promise<string> {
  writeFileSync(join(consumer, 'load.mjs'), LOAD);
  const all = ['tenfold', ...names.map((name) => `tenfold/${name}`)];
  await shell(process.execPath, ['load.mjs', ...all], { cwd: consumer });
  return `${all.length} entry points`;
}

/** A consumer to compile, and how modules are found in it. */
export interface Compilation {
  readonly root: string;
  readonly consumer: string;
  readonly names: readonly string[];
  readonly resolution: 'NodeNext' | 'Bundler' | 'Node10';
}

const MODULE = { NodeNext: 'NodeNext', Bundler: 'ESNext', Node10: 'CommonJS' } as const;

/** Compiles a module that imports everything, libraries checked too, with nothing but @types/node. */
export async function compileConsumer(compilation: Compilation): Promise<void> {
  const { root, consumer, names, resolution } = compilation;
  link(root, consumer, '@types/node');
  link(root, consumer, 'undici-types');
  const folder = join(consumer, `types-${resolution}`);
  mkdirSync(folder, { recursive: true });
  const all = ['tenfold', ...names.map((name) => `tenfold/${name}`)];
  const code = all
    .map((name, n) => `import * as m${n} from '${name}';\nexport { m${n} };`)
    .join('\n');
  const files = resolution === 'NodeNext' ? ['esm.mts', 'cjs.cts'] : ['all.ts'];
  for (const file of files) writeFileSync(join(folder, file), code);
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: false,
    target: 'ES2022',
    lib: ['ES2022'],
    types: ['node'],
    module: MODULE[resolution],
    moduleResolution: resolution,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  await shell(process.execPath, [tsc, '-p', folder], { cwd: consumer });
}

/** Lends the consumer a package of ours, as if it had installed it itself. */
export function link(root: string, consumer: string, name: string): void {
  const place = join(consumer, 'node_modules', name);
  mkdirSync(join(place, '..'), { recursive: true });
  try {
    symlinkSync(join(root, 'node_modules', name), place);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
