// Finds the TypeScript in the documentation: fences marked ts in Markdown and in docstrings.
//
//   ```ts        is compiled against the package, strictly
//   ```ts run    is also executed, and must end by itself with exit code 0
//
// A comment `<!-- given: … -->` directly before a fence holds code that the reader need not see
// (`declare const db: Database`); it is put before the fence.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** One piece of code in the documentation. */
export interface Snippet {
  /** `file:line` of its first line. */
  readonly at: string;
  readonly code: string;
  readonly run: boolean;
}

const FENCE = /(?:<!-- given:([\s\S]*?)-->\s*)?^[ \t]*```ts([^\n]*)\n([\s\S]*?)^[ \t]*```/gm;

/** The snippets of one text. Docstring stars are taken off first. */
export function snippetsIn(path: string, text: string): Snippet[] {
  const plain = path.endsWith('.ts') ? text.replace(/^[ \t]*\* ?/gm, '') : text;
  const found: Snippet[] = [];
  for (const match of plain.matchAll(FENCE)) {
    const [whole, given = '', mark = '', body = ''] = match;
    const bodyAt = match.index + whole.lastIndexOf(body);
    const line = plain.slice(0, bodyAt).split('\n').length;
    const run = mark.trim() === 'run';
    const hidden = given === '' ? '' : `${given.trim()}\n`;
    found.push({ at: `${path}:${line}`, code: hidden + undent(body), run });
  }
  return found;
}

function undent(body: string): string {
  const indent = /^[ \t]*/.exec(body)?.[0] ?? '';
  return body.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
}

/** All snippets of README.md, docs and src. */
export function readSnippets(root: string): Snippet[] {
  return [...pages(root), ...files(root, 'src', '.ts')].flatMap((path) =>
    snippetsIn(path, readFileSync(join(root, path), 'utf8')),
  );
}

/** README.md and the pages of docs, relative to the root. */
export function pages(root: string): string[] {
  const readme = ['README.md', 'CHANGELOG.md'].filter((path) => existsSync(join(root, path)));
  return [...readme, ...files(root, 'docs', '.md')];
}

function files(root: string, folder: string, ending: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .sort();
}

/** Links of a page to files that are not there. */
export function brokenLinks(root: string, path: string, text: string): string[] {
  const prose = text.replaceAll(/```[\s\S]*?```/g, '').replaceAll(/`[^`\n]*`/g, '');
  const broken: string[] = [];
  for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)(?:\s"[^"]*")?\)/g)) {
    const file = target.split('#')[0] ?? '';
    if (file === '' || /^[a-z]+:/.test(file)) continue;
    const full = join(root, dirname(path), file);
    if (relative(root, full).startsWith('..') || !existsSync(full)) {
      broken.push(`${path}: ${target}`);
    }
  }
  return broken;
}
