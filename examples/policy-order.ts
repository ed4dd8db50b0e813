// What the order of policies does, measured: each order that `compose` refuses or doubts beside a sound
// one, with the same calls at the same backend, in virtual time. docs/policy.md tells the reasons.
import assert from 'node:assert/strict';
import { bulkhead, circuitBreaker, compose, hedge, retry, timeout, workQueue } from 'tenfold';
import type { Policy, WorkCall } from 'tenfold';
import { virtualRuntime, type VirtualRuntime } from 'tenfold/sim';

interface Case {
  /** What `compose` says of the wrong order; it throws where it refuses. */
  readonly says: RegExp;
  readonly refused?: true;
  readonly wrong: (parts: Parts) => Policy[];
  readonly sound: (parts: Parts) => Policy[];
  readonly backend: (runtime: VirtualRuntime) => (call: WorkCall) => unknown;
  readonly calls: number;
  readonly everyMs: number;
  readonly figure: keyof Result;
  /** How the wrong order must compare with the sound one, or the example fails. */
  readonly proves: (wrong: number, sound: number) => boolean;
}

type Parts = ReturnType<typeof partsOf>;
type Result = Awaited<ReturnType<typeof measure>>;

/** The policies of one world. */
const partsOf = (runtime: VirtualRuntime) => ({
  retry: retry({ attempts: 3, delayMs: 200, growth: 1, jitter: 'none', runtime }),
  more: retry({ attempts: 3, delayMs: 200, growth: 1, jitter: 'none', name: 'more', runtime }),
  hedge: hedge({ delayMs: 100, runtime }),
  queue: workQueue({ concurrency: 10, runtime }),
  bulkhead: bulkhead({ concurrency: 20, runtime }),
  breaker: circuitBreaker({ slowCallMs: 500, openMs: 60_000, runtime }),
  second: timeout({ ms: 1_000, name: 'second', runtime }),
  tenth: timeout({ ms: 100, name: 'tenth', runtime }),
});

const well = (runtime: VirtualRuntime) => () => runtime.sleep(20);
const dead = () => () => Promise.reject(new Error('connection refused'));
const hangs = () => () => new Promise(() => undefined);
const hangsAtFirst = (runtime: VirtualRuntime) => (call: WorkCall) =>
  call.attempt === 1 ? new Promise(() => undefined) : runtime.sleep(20);
const failsAtFirst = (runtime: VirtualRuntime) => async (call: WorkCall) => {
  await runtime.sleep(20);
  if (call.attempt === 1) throw new Error('not yet');
};

const fewer = (wrong: number, sound: number): boolean => wrong <= sound / 2;
const more = (wrong: number, sound: number): boolean => wrong >= 2 * sound + 1;

const cases: Readonly<Record<string, Case>> = {
  'a policy twice': {
    says: /each policy once/,
    refused: true,
    wrong: ({ bulkhead }) => [bulkhead, bulkhead],
    sound: ({ bulkhead }) => [bulkhead],
    ...{ backend: well, calls: 100, everyMs: 1, figure: 'answered', proves: fewer },
  },
  'a short time limit outside a longer one': {
    says: /shorter time limits further in/,
    refused: true,
    wrong: ({ tenth, retry, second }) => [tenth, retry, second],
    sound: ({ second, retry, tenth }) => [second, retry, tenth],
    ...{ backend: hangsAtFirst, calls: 100, everyMs: 10, figure: 'answered', proves: fewer },
  },
  'queue outside retry': {
    says: /its place is held while the retry waits/,
    wrong: ({ queue, retry }) => [queue, retry],
    sound: ({ queue, retry }) => [retry, queue],
    ...{ backend: failsAtFirst, calls: 1_000, everyMs: 0, figure: 'answeredPerSecond' },
    proves: fewer,
  },
  'bulkhead outside retry': {
    says: /its place is held while the retry waits/,
    wrong: ({ bulkhead, retry }) => [bulkhead, retry],
    sound: ({ bulkhead, retry }) => [retry, bulkhead],
    ...{ backend: failsAtFirst, calls: 1_000, everyMs: 5, figure: 'turnedAway', proves: more },
  },
  'breaker outside retry': {
    says: /it sees one result for several attempts/,
    wrong: ({ breaker, retry }) => [breaker, retry],
    sound: ({ breaker, retry }) => [retry, breaker],
    ...{ backend: dead, calls: 1_000, everyMs: 10, figure: 'attempts', proves: more },
  },
  'retry outside retry': {
    says: /their attempts multiply/,
    wrong: ({ retry, more }) => [retry, more],
    sound: ({ retry }) => [retry],
    ...{ backend: dead, calls: 100, everyMs: 10, figure: 'attempts', proves: more },
  },
  'hedge outside retry': {
    says: /it takes the wait between attempts for a late answer/,
    wrong: ({ hedge, retry }) => [hedge, retry],
    sound: ({ hedge, retry }) => [retry, hedge],
    ...{ backend: dead, calls: 100, everyMs: 10, figure: 'attempts' },
    proves: (wrong, sound) => wrong >= 2 * sound,
  },
  'bulkhead outside queue': {
    says: /its place is held while the call waits in line/,
    wrong: ({ bulkhead, queue }) => [bulkhead, queue],
    sound: ({ bulkhead, queue }) => [queue, bulkhead],
    ...{ backend: well, calls: 100, everyMs: 0, figure: 'turnedAway', proves: more },
  },
  'breaker outside queue': {
    says: /it counts waiting in line as slowness/,
    wrong: ({ breaker, queue }) => [breaker, queue],
    sound: ({ breaker, queue }) => [queue, breaker],
    ...{ backend: well, calls: 3_000, everyMs: 1, figure: 'turnedAway', proves: more },
  },
  'time limit outside breaker, none inside': {
    says: /it never sees a call hang/,
    wrong: ({ tenth, breaker }) => [tenth, breaker],
    sound: ({ tenth, breaker }) => [breaker, tenth],
    ...{ backend: hangs, calls: 1_000, everyMs: 10, figure: 'attempts', proves: more },
  },
};

const hidden = (policy: Policy): Policy => ({ run: (work, call) => policy.run(work, call) });

/** The calls, one every `everyMs`, through a row of policies, until the last has come to its end. */
async function measure({ backend, calls, everyMs }: Case, rowOf: (parts: Parts) => Policy[]) {
  const runtime = virtualRuntime();
  // Hidden kinds: this also runs what compose would refuse.
  const guard = compose(...rowOf(partsOf(runtime)).map(hidden));
  const work = backend(runtime);
  let [answered, turnedAway, attempts, endedAt] = [0, 0, 0, 0];
  const one = (): Promise<void> =>
    guard
      .run((call) => (attempts++, work(call)))
      .then(
        () => void answered++,
        (error: { policy?: string }) => void (turnedAway += error.policy === undefined ? 0 : 1),
      )
      .finally(() => (endedAt = runtime.now()));
  for (let i = 0; i < calls; i++) {
    void one();
    if (everyMs > 0) await runtime.advance(everyMs);
  }
  await runtime.advance(120_000);
  return { answered, turnedAway, attempts, answeredPerSecond: (answered / endedAt) * 1_000 };
}

/** What `compose` says of an order. */
function verdict(rowOf: (parts: Parts) => Policy[]): string {
  try {
    return compose(...rowOf(partsOf(virtualRuntime()))).doubts.join('; ');
  } catch (error) {
    return `refused: ${(error as Error).message}`;
  }
}

for (const [name, one] of Object.entries(cases)) {
  const said = verdict(one.wrong);
  assert.match(said, one.says);
  assert.equal(said.startsWith('refused'), one.refused === true);
  assert.equal(verdict(one.sound), '');

  const [wrong, sound] = await Promise.all([measure(one, one.wrong), measure(one, one.sound)]);

  const figures = [wrong[one.figure], sound[one.figure]] as const;
  assert.ok(one.proves(...figures), `${name}: ${figures.join(' against ')}`);
  console.log(
    `${name.padEnd(42)}${one.figure.padEnd(19)}${figures.map(Math.round).join(' against ')}`,
  );
}
