// A door that does as it is told and writes down what happens.
import type { Call, Door, Entry, Pass, Runtime } from '../../src/core/index.ts';
import { TOKEN } from '../../src/core/index.ts';

export interface DoorScript {
  readonly log: string[];
  readonly runtime: Runtime;
  readonly untilSettled?: boolean;
  /** What `enter` does. @default admits at once */
  readonly enter?: (pass: Pass, call: Call) => Entry | Promise<Entry>;
}

export function scriptedDoor(name: string, script: DoorScript): Door {
  const { log, runtime, untilSettled = false } = script;
  return {
    name,
    kind: 'scripted',
    runtime,
    enter(call) {
      log.push(`${name} in`);
      const pass: Pass = {
        ok: true,
        untilSettled,
        done: (outcome) => log.push(`${name} ${outcome} at ${runtime.now()}`),
      };
      return script.enter === undefined ? pass : script.enter(pass, call);
    },
  };
}

export const refusal: Entry = {
  ok: false,
  code: 'ERR_QUEUE_FULL',
  policy: 'queue',
  retryAfterMs: 5,
  message: 'full',
};

export interface WaitingEntry {
  readonly open: () => void;
  readonly enter: (pass: Pass, call: Call) => Promise<Entry>;
}

/** Waits like a queue: until `open` is called, or the call's token is cancelled. */
export function waitingEntry(log: string[], name: string): WaitingEntry {
  let admit: (pass: Pass) => void = () => undefined;
  let waiting: Pass | undefined;
  return {
    open: () => {
      if (waiting !== undefined) admit(waiting);
    },
    enter: (pass: Pass, call: Call): Promise<Entry> =>
      new Promise<Entry>((resolve, reject) => {
        admit = resolve;
        waiting = pass;
        call[TOKEN]?.add({
          hookToken: undefined,
          hookPrevious: undefined,
          hookNext: undefined,
          cancelled: (reason) => {
            log.push(`${name} left`);
            reject(reason);
          },
        });
      }),
  };
}
