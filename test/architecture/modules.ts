// Rules about what a module may contain: no state, no second clock, no exported classes but errors.
import ts from 'typescript';
import { RUNTIME } from './house.ts';
import { at, resolveFrom, visit, type Sources } from './source.ts';

const CLOCKS: Readonly<Record<string, readonly string[] | undefined>> = {
  Date: ['now'],
  Math: ['random'],
  AbortSignal: ['timeout'],
  crypto: ['randomUUID', 'getRandomValues', 'randomBytes', 'randomInt'],
  process: ['hrtime', 'nextTick', 'uptime', '_tickCallback'],
};
const GLOBALS = [
  ...['performance', 'queueMicrotask', 'setTimeout', 'setInterval', 'setImmediate'],
  ...['clearTimeout', 'clearInterval', 'clearImmediate'],
];

/** Clocks, timers and chance outside the runtime. */
export function clocks(sources: Sources): string[] {
  const found: string[] = [];
  for (const [path, file] of sources) {
    if (path === RUNTIME) continue;
    visit(file, (node) => {
      const name = clockOf(node);
      if (name !== undefined) found.push(`${at(file, node)}: uses ${name}`);
    });
  }
  return found;
}

function clockOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return clockMember(node.expression, node.name.text);
  if (ts.isElementAccessExpression(node)) {
    return clockMember(node.expression, textOf(node.argumentExpression));
  }
  if (ts.isVariableDeclaration(node)) return clockAlias(node);
  if (ts.isImportSpecifier(node)) return clockImport(node);
  if (ts.isNewExpression(node) || ts.isCallExpression(node)) return clockCall(node);
  return ts.isIdentifier(node) && GLOBALS.includes(node.text) && !isName(node)
    ? node.text
    : undefined;
}

/** `Date.now`, `globalThis.Date.now`, `globalThis['setTimeout']`. */
function clockMember(of: ts.Expression, member: string | undefined): string | undefined {
  const object = of.getText();
  const banned = object === 'globalThis' ? GLOBALS : CLOCKS[object.replace(/^globalThis\./, '')];
  return member !== undefined && banned?.includes(member) ? `${object}.${member}` : undefined;
}

/** `const { now } = Date`, and `const clock = Date`, which would hide what is used of it. */
function clockAlias({ name, initializer }: ts.VariableDeclaration): string | undefined {
  if (initializer === undefined) return undefined;
  const object = initializer.getText().replace(/^globalThis\./, '');
  if (ts.isObjectBindingPattern(name)) {
    const taken = name.elements.map((one) => (one.propertyName ?? one.name).getText());
    return taken.map((member) => clockMember(initializer, member)).find((one) => one);
  }
  return Object.hasOwn(CLOCKS, object) || object === 'globalThis' ? object : undefined;
}

/** `import { randomUUID } from 'node:crypto'`. */
function clockImport(node: ts.ImportSpecifier): string | undefined {
  const name = (node.propertyName ?? node.name).text;
  const module = textOf(node.parent.parent.parent.moduleSpecifier)?.replace(/^node:/, '') ?? '';
  return CLOCKS[module]?.includes(name) === true ? `${module}.${name}` : undefined;
}

/** `new Date()`, `Date()`, `Reflect.get(process, 'hrtime')`. */
function clockCall(node: ts.NewExpression | ts.CallExpression): string | undefined {
  const callee = node.expression.getText().replace(/^globalThis\./, '');
  const [object, member] = node.arguments ?? [];
  if (callee === 'Date' && object === undefined) return 'Date';
  return callee === 'Reflect.get' && object !== undefined
    ? clockMember(object, textOf(member))
    : undefined;
}

function textOf(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}

/** Whether the identifier only names a property, and so reaches no global. */
function isName(node: ts.Identifier): boolean {
  const { parent } = node;
  return 'name' in parent && parent.name === node;
}

/** State that modules share: top-level `let`, and top-level collections that something changes. */
export function moduleState(sources: Sources): string[] {
  const found: string[] = [];
  for (const file of sources.values()) {
    if (file.fileName === RUNTIME) continue;
    const collections = new Set<string>();
    for (const statement of file.statements.filter(ts.isVariableStatement)) {
      const { flags, declarations } = statement.declarationList;
      if ((flags & ts.NodeFlags.Const) === 0) {
        found.push(`${at(file, statement)}: top-level let or var`);
      }
      for (const { name, initializer } of declarations) {
        if (ts.isIdentifier(name) && !isWeak(initializer)) collections.add(name.text);
      }
    }
    visit(file, (node) => {
      const changed = changedBy(node);
      if (changed !== undefined && collections.has(changed.text) && !shadowed(changed)) {
        found.push(`${at(file, node)}: changes the top-level ${changed.text}`);
      }
    });
  }
  return found;
}

/** A weak collection is a hidden property of its keys, and dies with them. */
function isWeak(value: ts.Expression | undefined): boolean {
  return (
    value !== undefined && ts.isNewExpression(value) && /^Weak/.test(value.expression.getText())
  );
}

const MUTATORS = [
  ...['push', 'pop', 'shift', 'unshift', 'splice', 'sort', 'reverse', 'fill', 'copyWithin'],
  ...['set', 'add', 'delete', 'clear'],
];

/** The identifier whose element, property or content this node changes. */
function changedBy(node: ts.Node): ts.Identifier | undefined {
  let target: ts.Node | undefined;
  if (ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind)) target = node.left;
  if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
    const { operator } = node;
    const steps = [ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken];
    if (steps.includes(operator)) target = node.operand;
  }
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    if (MUTATORS.includes(node.expression.name.text)) target = node.expression;
  }
  const into =
    target && (ts.isPropertyAccessExpression(target) || ts.isElementAccessExpression(target))
      ? target.expression
      : undefined;
  return into && ts.isIdentifier(into) ? into : undefined;
}

function isAssignment(kind: ts.SyntaxKind): boolean {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

/** Whether a function around the identifier has a parameter or variable of the same name. */
function shadowed(identifier: ts.Identifier): boolean {
  for (let scope: ts.Node = identifier.parent; !ts.isSourceFile(scope); scope = scope.parent) {
    let own = false;
    if (ts.isFunctionLike(scope) || ts.isBlock(scope)) {
      visit(scope, (node) => {
        const declares = ts.isParameter(node) || ts.isVariableDeclaration(node);
        if (declares && node.name.getText() === identifier.text) own = true;
      });
    }
    if (own) return true;
  }
  return false;
}

/** Awaits at the top level: they make a module asynchronous for all who load it. */
export function topLevelAwait(sources: Sources): string[] {
  const found: string[] = [];
  for (const file of sources.values()) {
    const look = (node: ts.Node): void => {
      const awaits =
        ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier);
      if (awaits) found.push(`${at(file, node)}: top-level await`);
      if (!ts.isFunctionLike(node)) ts.forEachChild(node, look);
    };
    look(file);
  }
  return found;
}

/** Statements of an index.ts that are no re-exports. */
export function busyIndexes(sources: Sources): string[] {
  const found: string[] = [];
  for (const [path, file] of sources) {
    if (!path.endsWith('/index.ts')) continue;
    for (const statement of file.statements) {
      if (ts.isExportDeclaration(statement) && statement.moduleSpecifier) continue;
      found.push(`${at(file, statement)}: an index.ts only exports`);
    }
  }
  return found;
}

/** Classes that leave the package by an index.ts and are no errors. */
export function exportedClasses(sources: Sources): string[] {
  const found = new Set<string>();
  for (const [path, file] of sources) {
    if (!path.endsWith('/index.ts')) continue;
    for (const { name, from } of reExports(sources, file)) {
      const home = sources.get(from);
      const declared = home?.statements.filter(ts.isClassDeclaration) ?? [];
      const found1 = declared.find((candidate) => candidate.name?.text === name);
      if (home && found1 && !isError(found1))
        found.add(`${at(home, found1)}: exports class ${name}`);
    }
  }
  return [...found];
}

interface ReExport {
  readonly name: string;
  readonly from: string;
}

function reExports(sources: Sources, index: ts.SourceFile): ReExport[] {
  return index.statements.filter(ts.isExportDeclaration).flatMap((statement) => {
    if (!statement.moduleSpecifier || !ts.isStringLiteral(statement.moduleSpecifier)) return [];
    const from = resolveFrom(index.fileName, statement.moduleSpecifier.text);
    const { exportClause } = statement;
    if (exportClause && ts.isNamedExports(exportClause)) {
      if (statement.isTypeOnly) return [];
      const values = exportClause.elements.filter((element) => !element.isTypeOnly);
      return values.map((element) => ({ name: (element.propertyName ?? element.name).text, from }));
    }
    return namesOf(sources.get(from)).map((name) => ({ name, from }));
  });
}

function namesOf(file: ts.SourceFile | undefined): string[] {
  const classes = file?.statements.filter(ts.isClassDeclaration) ?? [];
  const exported = classes.filter((node) =>
    node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword),
  );
  return exported.flatMap((node) => node.name?.text ?? []);
}

function isError(node: ts.ClassDeclaration): boolean {
  const base = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
  return /Error$/.test(base?.types[0]?.expression.getText() ?? '');
}

/** Files past 300 lines that do not say why, and names that are not kebab-case. */
export function wrongShape(sources: Sources): string[] {
  const found: string[] = [];
  for (const [path, file] of sources) {
    const lines = file.text.trimEnd().split('\n').length;
    const excused = /eslint-disable max-lines -- \S/.test(file.text.slice(0, 2_000));
    if (lines > 300 && !excused) found.push(`${path}: ${lines} lines and no reason given`);
    if (!/^(src)(\/[a-z0-9]+(-[a-z0-9]+)*)+\.ts$/.test(path)) found.push(`${path}: not kebab-case`);
  }
  return found;
}
