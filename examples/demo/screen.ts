/** Everything the demo says while it works: results on stdout, progress and remarks on stderr. */
import { formatValue, progressBar, tableText } from 'tenfold/dashboard';
import type { Findings } from './findings.ts';
import type { DemoOptions } from './options.ts';
import type { PlannedRun } from './plan.ts';
import type { FinishedRun, RunProgress } from './run.ts';
import { resultTable, shareTables } from './tables.ts';

/** The demo's voice. Runs are named by their place in the plan. */
export interface Screen {
  begins(this: void, index: number): void;
  progress(this: void, index: number, progress: RunProgress): void;
  done(index: number, run: FinishedRun): void;
  /** Prints what was found. */
  results(): void;
  /** Prints what is known so far. */
  interrupted(): void;
  remark(text: string): void;
  close(): void;
}

/** Makes the voice; `--quiet` keeps it from saying more than results. */
export function screen(
  options: DemoOptions,
  planned: readonly PlannedRun[],
  found: Findings,
): Screen {
  const { stdout, stderr } = process;
  const bar = progressBar(options.quiet ? { write: () => undefined } : stderr);
  const running = new Map<number, RunProgress>();
  const total = planned.reduce((sum, { scale }) => sum + scale, 0);
  let doneScales = 0;
  /** Requests of one copy of the trace; known once a run is done. */
  let perScale = Infinity;

  const remark = (text: string): void => {
    bar.close();
    if (!options.quiet) stderr.write(`${text}\n`);
  };
  const name = (index: number): string => {
    const plan = planned[index];
    return plan ? `${plan.scale}× ${plan.label}` : '';
  };
  const redraw = (): void => {
    const underWay = [...running.values()].reduce((sum, { settled }) => sum + settled, 0);
    const names = [...running.keys()].map(name).join(', ');
    bar.update((doneScales + underWay / perScale) / total, names);
  };
  const print = (state: 'complete' | 'interrupted'): void => {
    bar.close();
    stdout.write(options.json ? found.json(state) : tables(found, stdout.isTTY));
  };
  return {
    begins(index) {
      running.set(index, { settled: 0, inTime: 0, nowMs: 0 });
      redraw();
    },
    progress(index, progress) {
      running.set(index, progress);
      redraw();
    },
    done(index, { result }) {
      running.delete(index);
      doneScales += result.scale;
      perScale = result.offered / result.scale;
      redraw();
    },
    results() {
      print('complete');
    },
    interrupted() {
      print('interrupted');
      remark('\ninterrupted; so far:');
      for (const [index, { settled, inTime, nowMs }] of running) {
        const count = (value: number): string => formatValue(value, 'count');
        remark(
          `  ${name(index)} at ${formatValue(nowMs, 'clock')}: ${count(settled)} requests settled, ${count(inTime)} in time`,
        );
      }
    },
    remark,
    close() {
      bar.close();
    },
  };
}

function tables(found: Findings, color: boolean): string {
  const { runs, shares } = found;
  if (runs.length === 0) return '';
  const parts = [tableText(resultTable(runs.map(({ result }) => result)), { color })];
  for (const table of shareTables(shares)) {
    parts.push(`${table.title}\n${table.caption ?? ''}`, tableText(table, { color }));
  }
  return `${parts.join('\n\n')}\n`;
}
