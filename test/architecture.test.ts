import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { circles, wrongFloors, wrongNodeImports, wrongPackages } from './architecture/imports.ts';
import {
  busyIndexes,
  clocks,
  exportedClasses,
  moduleState,
  topLevelAwait,
  wrongShape,
} from './architecture/modules.ts';
import { parse, readSources } from './architecture/source.ts';

const root = resolve(import.meta.dirname, '..');
const sources = readSources(root);
const manifest = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as Record<
  string,
  Record<string, string> | undefined
>;
const packages = {
  dependencies: Object.keys(manifest['dependencies'] ?? {}),
  peerDependencies: Object.keys(manifest['peerDependencies'] ?? {}),
};

describe('the house', () => {
  it('has files to look at', () => {
    expect(sources.size).toBeGreaterThan(0);
  });

  it('imports only downwards', () => {
    expect(wrongFloors(sources)).toEqual([]);
  });

  it('has no circles between files or folders', () => {
    expect(circles(sources)).toEqual([]);
  });

  it('keeps Node out of the ground floor, but for the system runtime', () => {
    expect(wrongNodeImports(sources)).toEqual([]);
  });

  it('confines each dependency to one file and peers to redis and adapters', () => {
    expect(wrongPackages(sources, packages)).toEqual([]);
  });

  it('reads clocks, timers and chance in the system runtime only', () => {
    expect(clocks(sources)).toEqual([]);
  });

  it('shares no state between modules', () => {
    expect(moduleState(sources)).toEqual([]);
  });

  it('awaits nothing at the top level', () => {
    expect(topLevelAwait(sources)).toEqual([]);
  });

  it('only exports from an index.ts', () => {
    expect(busyIndexes(sources)).toEqual([]);
  });

  it('exports no classes but errors', () => {
    expect(exportedClasses(sources)).toEqual([]);
  });

  it('has kebab-case files that are short or say why not', () => {
    expect(wrongShape(sources)).toEqual([]);
  });
});

describe('the rules, on files that break them', () => {
  it('find an import upwards, sideways, into redis, and a folder outside the house', () => {
    const broken = parse({
      'src/core/a.ts': "import { q } from '../queue/q.ts';",
      'src/queue/q.ts': "import type { P } from '../pool/p.ts';\nexport const q = 1;",
      'src/pool/p.ts': "export type { R } from '../redis/r.ts';",
      'src/redis/r.ts': "import '../core/absent.ts';",
      'src/attic/x.ts': '',
    });

    expect(wrongFloors(broken)).toEqual([
      'src/core/a.ts: core may not import queue',
      'src/queue/q.ts: queue may not import pool',
      'src/pool/p.ts: pool may not import redis',
      'src/redis/r.ts: imports ../core/absent.ts, which is no file of src',
      'src/attic/x.ts: "attic" is no room of the house',
    ]);
  });

  it('allow an import downwards', () => {
    const sound = parse({
      'src/core/a.ts': '',
      'src/metrics/m.ts': "import '../core/a.ts';",
      'src/scale/s.ts': "import '../metrics/m.ts';",
      'src/sim/v.ts': "import '../scale/s.ts';",
      'src/index.ts': "export {} from './sim/v.ts';",
    });

    expect(wrongFloors(sound)).toEqual([]);
    expect(circles(sound)).toEqual([]);
  });

  it('find circles of files and of folders', () => {
    const broken = parse({
      'src/core/a.ts': "import './b.ts';",
      'src/core/b.ts': "import './a.ts';",
      'src/sim/a.ts': "import '../chaos/a.ts';",
      'src/sim/b.ts': '',
      'src/chaos/a.ts': "import type { B } from '../sim/b.ts';",
      'src/pool/a.ts': "import './b.ts';",
      'src/pool/b.ts': "import type { A } from './a.ts';",
    });

    expect(circles(broken)).toEqual([
      'circle: src/core/a.ts → src/core/b.ts → src/core/a.ts',
      'circle: src/pool/a.ts → src/pool/b.ts → src/pool/a.ts',
      'circle: sim → chaos → sim',
    ]);
  });

  it('find Node on the ground floor and its timers anywhere', () => {
    const broken = parse({
      'src/core/a.ts': "import 'node:fs';",
      'src/core/system-runtime.ts': "import 'node:perf_hooks';",
      'src/pool/p.ts': "import 'node:worker_threads'; const t = import('node:timers/promises');",
      'src/pool/q.ts': "require('timers'); process.getBuiltinModule(`perf_hooks`);",
    });

    expect(wrongNodeImports(broken)).toEqual([
      'src/core/a.ts: imports node:fs',
      'src/pool/p.ts: imports node:timers/promises',
      'src/pool/q.ts: imports timers',
      'src/pool/q.ts: imports perf_hooks',
    ]);
  });

  it('find undeclared packages, scattered dependencies and stray peers', () => {
    const broken = parse({
      'src/cache/a.ts': "import 'lru-cache'; import 'left-pad';",
      'src/cache/b.ts': "import 'lru-cache/x'; import '@scope/peer/sub';",
      'src/adapters/c.ts': "import '@scope/peer';",
    });
    const known = { dependencies: ['lru-cache'], peerDependencies: ['@scope/peer'] };

    expect(wrongPackages(broken, known)).toEqual([
      'src/cache/a.ts: left-pad is no dependency',
      'src/cache/b.ts: lru-cache is already imported by src/cache/a.ts',
      'src/cache/b.ts: the peer @scope/peer belongs into redis or adapters',
    ]);
  });

  it('find clocks, timers and chance, however they are reached', () => {
    const uses = [
      ...['Date.now()', 'new Date()', 'Math.random()', 'performance.now()', 'setTimeout(f)'],
      ...['const g = setImmediate', 'globalThis.setTimeout(f)', 'process.nextTick(f)'],
      ...['AbortSignal.timeout(5)', 'crypto.randomUUID()', 'queueMicrotask(f)'],
      ...["globalThis['setTimeout'](f)", 'globalThis.Date.now()', 'new globalThis.Date()'],
      ...['const { now } = Date', 'const clock = Date', 'const { setTimeout } = globalThis'],
      ...["Reflect.get(process, '_tickCallback')", 'const all = globalThis'],
      ...["import { randomUUID } from 'node:crypto'", "import { hrtime as h } from 'process'"],
    ];
    const broken = parse({ 'src/pool/p.ts': uses.join(';\n') });

    expect(clocks(broken)).toHaveLength(uses.length);
  });

  it('leave the runtime, dates of a given time and names alike alone', () => {
    const sound = parse({
      'src/core/system-runtime.ts': 'setTimeout(Date.now);',
      'src/pool/p.ts': 'new Date(ms); x.performance; ({ setTimeout: 1 }); runtime.now();',
      'src/pool/q.ts': "import { hash } from 'node:crypto'; const { fround } = Math;",
    });

    expect(clocks(sound)).toEqual([]);
  });

  it('find module state, but no tables, no locals and nothing weak', () => {
    const broken = parse({
      'src/pool/a.ts': 'let count = 0;',
      'src/pool/b.ts': 'const seen = new Set();\nfunction f(x) { seen.add(x); }',
      'src/pool/c.ts': 'const list = [];\nconst f = (x) => { list[0] = x; list.length++; };',
      'src/pool/d.ts': 'const TABLE = [1, 2];\nfunction f(TABLE) { TABLE[0] = 1; return TABLE; }',
      'src/pool/e.ts': 'const TABLE = new Map([[1, 2]]);\nfunction f() { return TABLE.get(1); }',
      'src/pool/f.ts': 'const of = new WeakMap();\nfunction f(x) { of.set(x, 1); }',
    });

    expect(moduleState(broken)).toEqual([
      'src/pool/a.ts:1: top-level let or var',
      'src/pool/b.ts:2: changes the top-level seen',
      'src/pool/c.ts:2: changes the top-level list',
      'src/pool/c.ts:2: changes the top-level list',
    ]);
  });

  it('find a top-level await, but none inside functions', () => {
    const broken = parse({
      'src/pool/a.ts': 'const x = await f();\nasync () => { await f(); };',
      'src/pool/b.ts': 'if (x) { for await (const y of z) {} }',
    });

    expect(topLevelAwait(broken)).toEqual([
      'src/pool/a.ts:1: top-level await',
      'src/pool/b.ts:1: top-level await',
    ]);
  });

  it('find an index.ts that does more than export', () => {
    const broken = parse({
      'src/pool/index.ts': "export { p } from './p.ts';\nexport const q = 1;",
    });

    expect(busyIndexes(broken)).toEqual(['src/pool/index.ts:2: an index.ts only exports']);
  });

  it('find classes that leave the package, but not errors and inner classes', () => {
    const broken = parse({
      'src/pool/index.ts': "export { A, Oops, type C } from './a.ts';\nexport * from './b.ts';",
      'src/pool/a.ts': 'export class A {}\nexport class C {}\nexport class Oops extends Error {}',
      'src/pool/b.ts': 'export class B extends Map {}\nclass Inner {}',
    });

    expect(exportedClasses(broken)).toEqual([
      'src/pool/a.ts:1: exports class A',
      'src/pool/b.ts:1: exports class B',
    ]);
  });

  it('find long files without a reason and names in other cases', () => {
    const long = '\n'.repeat(300) + 'const x = 1;';
    const broken = parse({
      'src/pool/long.ts': long,
      'src/pool/excused.ts': `/* eslint-disable max-lines -- one table */${long}`,
      'src/pool/camelCase.ts': '',
    });

    expect(wrongShape(broken)).toEqual([
      'src/pool/long.ts: 301 lines and no reason given',
      'src/pool/camelCase.ts: not kebab-case',
    ]);
  });
});
