import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile, run, type Faults } from './docs/compile.ts';
import { brokenLinks, pages, readSnippets, snippetsIn, type Snippet } from './docs/snippets.ts';

const root = resolve(import.meta.dirname, '..');
const snippets = readSnippets(root);
const marked = snippets.filter((snippet) => snippet.run);

const broken: Snippet[] = [
  { at: 'wrong type', code: "import { compose } from 'tenfold';\ncompose(1);", run: false },
  { at: 'absent name', code: "import { absent } from 'tenfold/core';\nabsent();", run: false },
  {
    at: 'sound',
    code: "import { compose } from 'tenfold';\nawait compose().run(() => 1);",
    run: false,
  },
];

describe('code in the documentation', () => {
  let faults: Faults | undefined;
  // One program for all: a program per snippet would take a second each.
  const compiled = (): Faults => (faults ??= compile(root, [...snippets, ...broken]));

  it('compiles', { timeout: 120_000 }, () => {
    const found = snippets.flatMap(
      ({ at }) =>
        compiled()
          .get(at)
          ?.map((f) => `${at} ${f}`) ?? [],
    );

    expect(found).toEqual([]);
  });

  it('would be found not to compile', { timeout: 120_000 }, () => {
    expect(broken.map(({ at }) => compiled().has(at))).toEqual([true, true, false]);
  });

  it.each(marked)('runs: $at', { timeout: 30_000 }, async (snippet) => {
    await expect(run(root, snippet, `run-${marked.indexOf(snippet)}`)).resolves.toBeTypeOf(
      'string',
    );
  });

  it('would be found to fail', { timeout: 30_000 }, async () => {
    const failing = { at: 'failing', code: "throw new Error('as it should')", run: true };

    await expect(run(root, failing, 'failing')).rejects.toThrow('as it should');
  });
});

describe('links in the documentation', () => {
  it.each(pages(root))('lead somewhere: %s', (path) => {
    expect(brokenLinks(root, path, readFileSync(join(root, path), 'utf8'))).toEqual([]);
  });

  it('are found broken', () => {
    const text = '[a](absent.md) [b](../README.md#x) [c](https://x.y) `[d](code.md)` [e](#here)';

    expect(brokenLinks(root, 'docs/x.md', text)).toContain('docs/x.md: absent.md');
    expect(brokenLinks(root, 'docs/x.md', text)).not.toContain('docs/x.md: code.md');
  });
});

describe('snippets', () => {
  it('are the fences marked ts, with their line and whether they run', () => {
    const text = 'a\n```ts\none();\n```\n```sh\nls\n```\n```ts run\ntwo();\n```\n';

    expect(snippetsIn('page.md', text)).toEqual([
      { at: 'page.md:3', code: 'one();\n', run: false },
      { at: 'page.md:9', code: 'two();\n', run: true },
    ]);
  });

  it('have hidden code put before them', () => {
    const text = '<!-- given: declare const db: string; -->\n\n```ts\nuse(db);\n```\n';

    expect(snippetsIn('page.md', text)).toMatchObject([
      { code: 'declare const db: string;\nuse(db);\n' },
    ]);
  });

  it('are taken out of docstrings', () => {
    const text = '/**\n * Adds.\n * @example\n * ```ts\n * add(1,\n *   2);\n * ```\n */\n';

    expect(snippetsIn('src/a.ts', text)).toEqual([
      { at: 'src/a.ts:5', code: 'add(1,\n  2);\n', run: false },
    ]);
  });
});
