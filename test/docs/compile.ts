// Compiles and runs snippets as a consumer of the package would, with `tenfold` mapped to src.
import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { subpaths } from '../../.config/tools/package-entries.ts';
import type { Snippet } from './snippets.ts';

/** What the compiler says of each snippet, by `at`. No entry: it is sound. */
export type Faults = ReadonlyMap<string, readonly string[]>;

/** A folder inside the repository, so that snippets find its packages. */
function place(root: string): string {
  return join(root, '.cache/snippets');
}

/** Writes the snippets as modules; returns file → snippet. */
function write(root: string, snippets: readonly Snippet[]): Map<string, Snippet> {
  rmSync(place(root), { recursive: true, force: true });
  mkdirSync(place(root), { recursive: true });
  return new Map(
    snippets.map((snippet, n) => {
      const file = join(place(root), `${n}.ts`);
      writeFileSync(file, `${snippet.code}\nexport {};\n`);
      return [file, snippet];
    }),
  );
}

/** The package's names and the source files they stand for. */
function names(root: string): Record<string, string> {
  const beneath = subpaths(root).map((name) => [`tenfold/${name}`, `src/${name}/index.ts`]);
  return Object.fromEntries(
    [['tenfold', 'src/index.ts'], ...beneath].map(([name = '', file = '']) => [
      name,
      join(root, file),
    ]),
  );
}

/** Compiles all snippets in one program, as strictly as the package itself. */
export function compile(root: string, snippets: readonly Snippet[]): Faults {
  const written = write(root, snippets);
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) =>
    ts.sys.readFile(path),
  );
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const paths = Object.fromEntries(
    Object.entries(names(root)).map(([name, file]) => [name, [file]]),
  );
  const program = ts.createProgram([...written.keys()], {
    ...options,
    paths,
    isolatedDeclarations: false,
    declaration: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    noEmit: true,
  });
  const faults = new Map<string, string[]>();
  for (const [file, { at }] of written) {
    const source = program.getSourceFile(file);
    const diagnostics = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ];
    if (diagnostics.length > 0) faults.set(at, diagnostics.map(describe));
  }
  return faults;
}

function describe({ file, start, messageText }: ts.Diagnostic): string {
  const line = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
  return `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
}

/** Runs a snippet in a process of its own; resolves with what it wrote, rejects when it fails. */
export async function run(root: string, snippet: Snippet, name: string): Promise<string> {
  const script = join(place(root), `${name}.mjs`);
  await build({
    stdin: { contents: snippet.code, loader: 'ts', resolveDir: root, sourcefile: snippet.at },
    outfile: script,
    bundle: true,
    alias: names(root),
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
  });
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [script], { timeout: 20_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${snippet.at}: ${error.message}\n${stderr}`));
      else resolve(stdout);
    });
  });
}
