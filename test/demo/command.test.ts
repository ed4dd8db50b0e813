// The demo as a user calls it: a process of its own, with exit codes and files.
import { type ChildProcess, spawn } from 'node:child_process';
import { build } from 'esbuild';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatTime, smallTrace } from './small-trace.ts';

let folder = '';
let trace = '';
let bundle = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenfold-demo-'));
  trace = join(folder, 'small-conv.csv');
  bundle = join(folder, 'demo.mjs');
  await build({
    entryPoints: ['examples/demo.ts'],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
  const { at, contextTokens, generatedTokens } = smallTrace();
  const rows = [...at].map((ms, i) =>
    [formatTime(ms), Math.round(contextTokens[i] ?? 0), generatedTokens[i]].join(','),
  );
  await writeFile(trace, ['TIMESTAMP,ContextTokens,GeneratedTokens', ...rows].join('\n'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [bundle, ...args]);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => (output.stdout += String(text)));
  child.stderr.on('data', (text) => (output.stderr += String(text)));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, ...output }));
  return { child, ended };
}

const demo = (...args: string[]): Promise<Ended> => start(...args).ended;

describe('npm run demo', { timeout: 120_000 }, () => {
  it('prints the usage and exits with 2 on an unknown flag', async () => {
    const { code, stdout, stderr } = await demo('--fast');

    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^Unknown option '--fast'\n\nnpm run demo -- \[options\]/);
  });

  it('prints the usage when asked to, and exits with 0', async () => {
    const { code, stdout } = await demo('--help');

    expect(code).toBe(0);
    expect(stdout).toContain('--without GUARD');
  });

  it('stops at a malformed row with file, line and reason, exits with 2 and leaves no report', async () => {
    const bad = join(folder, 'bad.csv');
    await writeFile(bad, `${await readFile(trace, 'utf8')}\n2023-11-16 18:15:46.0,12\n`);
    const before = await readdir(folder);

    const { code, stdout, stderr } = await demo(
      ...['--trace', trace, '--trace', bad, '--report', join(folder, 'r.html')],
    );

    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      `${bad}:902: expected 3 cells (TIMESTAMP,ContextTokens,GeneratedTokens), got 2: "2023-11-16 18:15:46.0,12"\n`,
    );
    expect(await readdir(folder)).toEqual(before);
  });

  it('prints the same bytes for the same seed, on however many cores it runs', async () => {
    const args = ['--trace', trace, '--scale', '1,2', '--bad', '1m-2m', '--json'];
    const report = join(folder, 'report.html');

    const first = await demo(...args, '--report', report);
    const page = await readFile(report, 'utf8');
    const second = await demo(...args, '--report', report);

    expect(first.code).toBe(0);
    expect(first.stdout).toBe(second.stdout);
    expect(page).toBe(await readFile(report, 'utf8'));
    const body = JSON.parse(first.stdout) as { state: string; results: unknown[] };
    expect(body.state).toBe('complete');
    expect(body.results).toHaveLength(8);
    expect(first.stderr).toContain(`report: ${report}`);
  });

  it('says nothing but the table when quiet', async () => {
    const { stdout, stderr } = await demo(
      ...['--trace', trace, '--scale', '1', '--no-shares', '--report', 'none', '--quiet'],
    );

    expect(stderr).toBe('');
    expect(stdout).toMatch(/^wiring +goodput[\s\S]*\nguarded .*h\n$/);
  });

  it('ends at once on Ctrl-C with what is known, exit code 130 and no report', async () => {
    const report = join(folder, 'never.html');
    const args = ['--scale', '1,100', '--no-shares', '--report', report, '--json'];
    const { child, ended } = start('--trace', trace, ...args);
    // It has read the traces and begins; the last runs would take minutes.
    await once(child.stderr as Readable, 'data');
    child.kill('SIGINT');

    const { code, stdout } = await ended;

    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ state: 'interrupted' });
    await expect(readFile(report)).rejects.toThrow('ENOENT');
  });
});
