// Counted steps with one line each, for the checks that are no unit tests.

/** Runs steps one after the other and keeps count. */
export interface Steps {
  /** Runs one step; a throw or a rejection is a failure and does not stop the next step. */
  step(name: string, work: () => unknown): Promise<void>;
  /** Prints the count and sets the exit code. */
  finish(): void;
}

/** Steps that print `PASS name` or `FAIL name` and the reason. */
export function steps(): Steps {
  let passed = 0;
  let failed = 0;
  return {
    async step(name, work) {
      const from = performance.now();
      try {
        const said = await work();
        const seconds = ((performance.now() - from) / 1_000).toFixed(1);
        console.log(`PASS ${name} (${seconds} s)${typeof said === 'string' ? `: ${said}` : ''}`);
        passed++;
      } catch (error) {
        console.log(`FAIL ${name}\n${error instanceof Error ? error.message : String(error)}`);
        failed++;
      }
    },
    finish() {
      console.log(`${passed} passed, ${failed} failed`);
      process.exitCode = failed > 0 ? 1 : 0;
    },
  };
}
