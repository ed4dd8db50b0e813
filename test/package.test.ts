import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { entriesFor, subpaths } from '../.config/tools/package-entries.ts';
import * as root from '../src/index.ts';

const home = resolve(import.meta.dirname, '..');
const names = subpaths(home);
const manifest = JSON.parse(readFileSync(resolve(home, 'package.json'), 'utf8')) as {
  exports: unknown;
  typesVersions: unknown;
};

describe('package.json', () => {
  it('exports every folder of src that has an index.ts (npm run entries)', () => {
    expect(manifest).toMatchObject(entriesFor(names));
    expect(manifest.exports).toEqual(entriesFor(names).exports);
  });

  it('names the types of each format, and those of old resolvers by hand', () => {
    expect(entriesFor(['queue'])).toEqual({
      exports: {
        '.': {
          import: { types: './dist/index.d.ts', default: './dist/index.js' },
          require: { types: './dist/index.d.cts', default: './dist/index.cjs' },
        },
        './queue': {
          import: { types: './dist/queue/index.d.ts', default: './dist/queue/index.js' },
          require: { types: './dist/queue/index.d.cts', default: './dist/queue/index.cjs' },
        },
        './package.json': './package.json',
      },
      typesVersions: { '*': { queue: ['./dist/queue/index.d.cts'] } },
    });
  });
});

describe('the root', () => {
  it.each([
    ...['tokenBucket', 'workQueue', 'pool', 'circuitBreaker', 'scalingEngine', 'compose', 'cache'],
    ...['timeout', 'systemRuntime', 'RejectedError'],
  ])('exports %s', (name) => {
    expect(root).toHaveProperty(name);
  });

  it('exports nothing that is not the very same thing under a subpath', async () => {
    const loaded = names.map(
      async (name) =>
        (await import(pathToFileURL(resolve(home, `src/${name}/index.ts`)).href)) as Readonly<
          Record<string, unknown>
        >,
    );
    const beneath = new Set((await Promise.all(loaded)).flatMap(Object.values<unknown>));

    const strays = Object.entries(root).filter(([, value]) => !beneath.has(value));

    expect(strays).toEqual([]);
  });
});
