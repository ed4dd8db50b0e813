// arguments: --scale 1 --no-shares --report none --quiet
/** `npm run demo`: an hour of real LLM traffic at 1× to 10×, bare against guarded. See --help. */
import { runDemo } from './demo/demo.ts';
import { InputError } from './demo/input-error.ts';
import { parseOptions, USAGE } from './demo/options.ts';
import { SERVE_RUNS, serveRuns } from './demo/processes.ts';

if (process.argv[2] === SERVE_RUNS) serveRuns();
else process.exitCode = await main(process.argv.slice(2));

/** Exit codes: 0 done, 2 the input is wrong, 130 interrupted. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    const command = ['npm run demo --', ...args].join(' ');
    if (options === 'help') process.stdout.write(USAGE);
    else await runDemo(options, { command, entry: new URL(import.meta.url) });
    return 0;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stderr.write(`${error.message}\n${error.showsUsage ? `\n${USAGE}` : ''}`);
    return 2;
  }
}
