// The files of src as syntax trees, with what they import.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import ts from 'typescript';

/** Source files by path relative to the repository, e.g. `src/core/runtime.ts`. */
export type Sources = ReadonlyMap<string, ts.SourceFile>;

/** Parses texts given by path. */
export function parse(texts: Readonly<Record<string, string>>): Sources {
  const entries = Object.entries(texts).map(
    ([path, text]) =>
      [path, ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)] as const,
  );
  return new Map(entries);
}

/** Reads and parses every TypeScript file of src. */
export function readSources(root: string): Sources {
  const paths = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `src/${path.replaceAll('\\', '/')}`)
    .sort();
  return parse(
    Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')])),
  );
}

/** The folder of src a path lies in; '' for the root itself. */
export function folderOf(path: string): string {
  const parts = path.split('/');
  return parts.length > 2 ? (parts[1] ?? '') : '';
}

/** Every module a file names: imports, re-exports, import types, dynamic imports and `require`. */
export function specifiers(file: ts.SourceFile): string[] {
  const found: string[] = [];
  visit(file, (node) => {
    const name = specifierOf(node);
    if (name !== undefined && ts.isStringLiteralLike(name)) found.push(name.text);
  });
  return found;
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return node.argument.literal;
  if (!ts.isCallExpression(node)) return undefined;
  const dynamic =
    node.expression.kind === ts.SyntaxKind.ImportKeyword ||
    /^(require|process\.getBuiltinModule)$/.test(node.expression.getText());
  return dynamic ? node.arguments[0] : undefined;
}

/** The path a relative specifier names. */
export function resolveFrom(path: string, specifier: string): string {
  return posix.normalize(posix.join(dirname(path), specifier));
}

/** Calls `see` with every node below and including `node`. */
export function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

/** Where a node stands, for messages. */
export function at(file: ts.SourceFile, node: ts.Node): string {
  const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
  return `${file.fileName}:${line + 1}`;
}
