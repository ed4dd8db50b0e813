/** The main job: all runs, then table, report and picture. */
import { chartSvg, writeReport } from 'tenfold/dashboard';
import { writeFile } from 'node:fs/promises';
import { charts, demoReport } from './demo-report.ts';
import { factsOf } from './facts.ts';
import { type Findings, findings } from './findings.ts';
import type { DemoOptions } from './options.ts';
import { plannedRuns } from './plan.ts';
import { screen } from './screen.ts';
import { runAll } from './processes.ts';
import { readTraces } from './trace.ts';

/** How the demo was called. */
export interface Invocation {
  /** The command line, for the report. */
  readonly command: string;
  /** The module that calls `serveRuns` when it is started with `SERVE_RUNS`. */
  readonly entry: URL;
}

/** Runs the demo. Results go to stdout, all else to stderr; Ctrl-C prints what is known and exits. */
export async function runDemo(options: DemoOptions, { command, entry }: Invocation): Promise<void> {
  const planned = plannedRuns(options);
  const found = findings(options, planned);
  const show = screen(options, planned, found);
  const interrupted = (): void => {
    show.interrupted();
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  try {
    const trace = await readTraces(options.traces);
    const facts = factsOf(trace, options);
    show.remark(`${trace.count} requests recorded; ${planned.length} runs to make`);
    await runAll({ options, trace, facts }, planned, {
      entry,
      listener: {
        begins: show.begins,
        progress: show.progress,
        done(index, run) {
          found.add(index, run);
          show.done(index, run);
        },
      },
    });
    show.results();
    if (options.report !== undefined) {
      await writeReport(options.report, demoReport({ options, facts, found, command }));
      show.remark(`\nreport: ${options.report}`);
    }
    if (options.picture !== undefined) await writePicture(options.picture, found, options);
  } finally {
    show.close();
    process.off('SIGINT', interrupted);
  }
}

/** The first chart at the greatest load. */
async function writePicture(path: string, found: Findings, options: DemoOptions): Promise<void> {
  const greatest = Math.max(...options.scales);
  const [chart] = charts(
    found.runs.filter(({ result }) => result.scale === greatest && result.budget === null),
    options,
  );
  if (chart) await writeFile(path, chartSvg(chart));
}
