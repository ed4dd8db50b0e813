// Checks the package as users get it: builds, packs, installs the tarball into an empty folder and
// looks at it from there. `npm run package:check` runs all; the tarball's name may be given to skip
// the build.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { compileConsumer, loadEverywhere, prepareConsumer } from './consumer.ts';
import { runExamples } from './example-runs.ts';
import { subpaths } from './package-entries.ts';
import { shell } from './shell.ts';
import { checkSizes } from './sizes.ts';
import { steps } from './steps.ts';

const root = resolve(import.meta.dirname, '../..');
const out = join(root, '.cache/package');
const names = subpaths(root);

async function main(): Promise<void> {
  const counted = steps();
  const step = counted.step.bind(counted);
  const consumer = mkdtempSync(join(tmpdir(), 'tenfold-consumer-'));
  let tarball = '';
  try {
    await step('build', () => shell('npm', ['run', 'build'], { cwd: root }).then(() => undefined));
    await step('pack', async () => {
      tarball = await pack();
    });
    await step('tarball holds only what it should', () => contents(tarball));
    await step('publint', () => lint(tarball));
    await step('attw, all profiles', () => areTheTypesWrong(tarball));
    await step('installs into an empty folder', () => prepareConsumer(consumer, tarball));
    await step('loads in ESM and CommonJS', () => loadEverywhere(consumer, names));
    for (const resolution of ['NodeNext', 'Bundler', 'Node10'] as const) {
      await step(`type-checks for a strict consumer, ${resolution}`, () =>
        compileConsumer({ root, consumer, names, resolution }),
      );
    }
    await step('sizes', () => checkSizes(root, consumer, names));
    await runExamples(root, consumer, step);
  } finally {
    rmSync(consumer, { recursive: true, force: true });
  }
  counted.finish();
}

async function pack(): Promise<string> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  await shell('npm', ['pack', '--ignore-scripts', '--pack-destination', out], { cwd: root });
  return join(out, readdirSync(out)[0] ?? '');
}

/** Files beyond dist, the manifest and the three texts npm adds by itself are a mistake. */
async function contents(tarball: string): Promise<string> {
  const listed = (await shell('tar', ['-tzf', tarball], { cwd: root })).trim().split('\n');
  const expected = /^package\/(dist\/.*|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
  const strays = listed.filter((name) => !expected.test(name));
  if (strays.length > 0) throw new Error(strays.join('\n'));
  const { length } = readFileSync(tarball);
  return `${listed.length} files, ${(length / 1024).toFixed(0)} KB`;
}

async function lint(tarball: string): Promise<void> {
  const bytes = readFileSync(tarball);
  const { messages, pkg } = await publint({
    level: 'suggestion',
    strict: true,
    pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) },
  });
  if (messages.length === 0) return;
  throw new Error(messages.map((message) => formatMessage(message, pkg ?? {})).join('\n'));
}

async function areTheTypesWrong(tarball: string): Promise<void> {
  const args = ['attw', tarball, '--profile', 'strict', '--format', 'ascii', '--no-emoji'];
  await shell('npx', [...args, '--no-definitely-typed'], { cwd: root });
}

await main();
