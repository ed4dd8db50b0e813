/** A progress bar for people: silent wherever nobody watches. */

/** Where a bar is drawn; `process.stderr` fits. */
export interface ProgressOutput {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** A bar that is drawn on one line and rewritten in place. */
export interface ProgressBar {
  /** Shows `fraction` (0–1) and what is going on. Redraws only what would look different. */
  update(fraction: number, label: string): void;
  /** Wipes the line, so that what follows starts on a clean one. Idempotent. */
  close(): void;
}

/** Makes a bar on `output`; writes nothing at all if that is not a terminal. */
export function progressBar(output: ProgressOutput): ProgressBar {
  let shown = '';
  return {
    update(fraction, label) {
      if (output.isTTY !== true) return;
      const line = barLine(Math.min(1, Math.max(0, fraction)), label, output.columns ?? 80);
      if (line === shown) return;
      shown = line;
      output.write(`\r${line}\u001b[K`);
    },
    close() {
      if (shown === '') return;
      shown = '';
      output.write('\r\u001b[K');
    },
  };
}

function barLine(fraction: number, label: string, columns: number): string {
  const width = 24;
  const filled = Math.round(fraction * width);
  const bar = '█'.repeat(filled) + '░'.repeat(width - filled);
  const text = `${bar} ${String(Math.floor(fraction * 100)).padStart(3)}%  ${label}`;
  // One column short of the edge: a full line would wrap, and a wrapped line cannot be rewritten.
  return text.slice(0, Math.max(0, columns - 1));
}
