// Rules about imports: floors, circles, Node and packages.
import { MAY_IMPORT, RUNTIME, WITHOUT_NODE } from './house.ts';
import { folderOf, resolveFrom, specifiers, type Sources } from './source.ts';

/** What package.json allows to be imported. */
export interface Packages {
  readonly dependencies: readonly string[];
  readonly peerDependencies: readonly string[];
}

/** Imports that go up or sideways in the house. */
export function wrongFloors(sources: Sources): string[] {
  const found: string[] = [];
  for (const [path, file] of sources) {
    const from = folderOf(path);
    const allowed = MAY_IMPORT[from];
    if (allowed === undefined) {
      found.push(`${path}: "${from}" is no room of the house`);
      continue;
    }
    for (const specifier of specifiers(file).filter((name) => name.startsWith('.'))) {
      const target = resolveFrom(path, specifier);
      const to = folderOf(target);
      if (!sources.has(target))
        found.push(`${path}: imports ${specifier}, which is no file of src`);
      else if (to !== from && !allowed.includes(to)) {
        found.push(`${path}: ${from || 'the root'} may not import ${to || 'the root'}`);
      }
    }
  }
  return found;
}

/** Imports of Node's modules on the ground floor, and of its clocks and timers anywhere. */
export function wrongNodeImports(sources: Sources): string[] {
  const clocks = /^(node:)?(timers|perf_hooks)(\/|$)/;
  const found: string[] = [];
  for (const [path, file] of sources) {
    if (path === RUNTIME) continue;
    for (const name of specifiers(file)) {
      const ground = WITHOUT_NODE.includes(folderOf(path)) && name.startsWith('node:');
      if (ground || clocks.test(name)) found.push(`${path}: imports ${name}`);
    }
  }
  return found;
}

/** Packages that package.json does not name, that stand in two files, or peers in the wrong room. */
export function wrongPackages(sources: Sources, packages: Packages): string[] {
  const found: string[] = [];
  const home = new Map<string, string>();
  for (const [path, file] of sources) {
    const names = specifiers(file).filter((name) => !name.startsWith('.') && !/^node:/.test(name));
    for (const name of new Set(names.map(packageName))) {
      const peer = packages.peerDependencies.includes(name);
      if (peer && !['redis', 'adapters'].includes(folderOf(path))) {
        found.push(`${path}: the peer ${name} belongs into redis or adapters`);
      } else if (!peer && !packages.dependencies.includes(name)) {
        found.push(`${path}: ${name} is no dependency`);
      } else if (!peer && home.has(name)) {
        found.push(`${path}: ${name} is already imported by ${home.get(name) ?? ''}`);
      }
      home.set(name, path);
    }
  }
  return found;
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Circles between files and between folders, even by types alone. */
export function circles(sources: Sources): string[] {
  const files = new Map<string, Set<string>>();
  const folders = new Map<string, Set<string>>();
  for (const [path, file] of sources) {
    for (const target of targets(path, specifiers(file))) {
      link(files, path, target);
      if (folderOf(path) !== folderOf(target)) link(folders, folderOf(path), folderOf(target));
    }
  }
  return [...circlesIn(files), ...circlesIn(folders)];
}

function targets(path: string, names: readonly string[]): string[] {
  return names.filter((name) => name.startsWith('.')).map((name) => resolveFrom(path, name));
}

function link(graph: Map<string, Set<string>>, from: string, to: string): void {
  graph.set(from, (graph.get(from) ?? new Set<string>()).add(to));
}

/** Each circle once, found depth first. */
function circlesIn(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const found: string[] = [];
  const walk = (node: string): void => {
    const start = path.indexOf(node);
    if (start >= 0) found.push(`circle: ${[...path.slice(start), node].join(' → ')}`);
    if (start >= 0 || done.has(node)) return;
    path.push(node);
    for (const next of graph.get(node) ?? []) walk(next);
    path.pop();
    done.add(node);
  };
  for (const node of graph.keys()) walk(node);
  return found;
}
