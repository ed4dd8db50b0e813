// Runs a program and gives back what it wrote.
import { execFile } from 'node:child_process';

/** Where and how long a program may run. */
export interface ShellOptions {
  readonly cwd: string;
  /** @default 300_000 */
  readonly timeoutMs?: number;
  readonly env?: NodeJS.ProcessEnv;
}

/** Resolves with stdout; rejects with everything written when the program fails. */
export function shell(
  program: string,
  args: readonly string[],
  { cwd, timeoutMs = 300_000, env }: ShellOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env, timeout: timeoutMs, maxBuffer: 1 << 26 };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`.trim()));
      else resolve(stdout);
    });
    child.stdin?.end();
  });
}
