import { AsyncLocalStorage } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Call, Door, Stage, TimeLimit, WorkCall } from '../../src/core/index.ts';
import { ADMITTED, cancelToken, flightRunner, TOKEN } from '../../src/core/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { refusal, scriptedDoor, waitingEntry } from './scripted-door.ts';

const boom = new Error('boom');

function setUp() {
  const runtime = virtualRuntime();
  const log: string[] = [];
  const door = (name: string, script: Partial<Parameters<typeof scriptedDoor>[1]> = {}): Door =>
    scriptedDoor(name, { log, runtime, ...script });
  return { runtime, log, door };
}

function limit(runtime: VirtualRuntime, limitMs: number, changes: Partial<TimeLimit> = {}): Stage {
  const never = { firstItemMs: Infinity, idleMs: Infinity, abandonAfterMs: Infinity };
  return { name: 'timeout', kind: 'timeout', runtime, limitMs, ...never, ...changes };
}

/** Settles what is due, and lets every microtask run. */
async function turn(runtime: VirtualRuntime): Promise<void> {
  await runtime.advance(0);
}

// Both forms of a flight must mean the same: without a signal the plain one, with one the racing one.
describe.each([
  ['plain', (): Call | undefined => undefined],
  ['racing', (): Call | undefined => ({ signal: new AbortController().signal })],
])('a flight in its %s form', (_form, call) => {
  it.each([
    ['a value', () => 7],
    ['a promise', async () => 7],
    ['a thenable', () => ({ then: (resolve: (value: number) => void) => resolve(7) })],
  ])('answers with %s of the work', async (_kind, work) => {
    const { door } = setUp();
    const run = flightRunner([door('a'), door('b')]);

    const answer = run(work as () => number, call());

    expect(answer).toBeInstanceOf(Promise);
    await expect(answer).resolves.toBe(7);
  });

  it('enters doors from the outside and ends passes from the inside', async () => {
    const { door, log } = setUp();

    await flightRunner([door('a'), door('b'), door('c')])(() => log.push('work'), call());

    expect(log).toEqual([
      'a in',
      'b in',
      'c in',
      'work',
      'c success at 0',
      'b success at 0',
      'a success at 0',
    ]);
  });

  it.each([
    [
      'throws',
      () => {
        throw boom;
      },
    ],
    ['rejects', () => Promise.reject(boom)],
    [
      'is a thenable that throws',
      () => ({
        then: () => {
          throw boom;
        },
      }),
    ],
  ])('tells every door of the failure when the work %s', async (_kind, work) => {
    const { door, log } = setUp();

    const answer = flightRunner([door('a'), door('b')])(work as () => never, call());

    await expect(answer).rejects.toBe(boom);
    expect(log.slice(2)).toEqual(['b failure at 0', 'a failure at 0']);
  });

  it('tells the doors outside a refusal that the call was refused, and does not run the work', async () => {
    const { door, log } = setUp();
    const full = door('full', { enter: () => refusal });

    const answer = flightRunner([door('a'), full, door('c')])(() => log.push('work'), call());

    await expect(answer).rejects.toMatchObject({
      code: 'ERR_QUEUE_FULL',
      policy: 'queue',
      message: 'queue: full',
      retryAfterMs: 5,
    });
    expect(log).toEqual(['a in', 'full in', 'a refused at 0']);
  });

  it('rejects with what a door throws, and gives back the passes it had', async () => {
    const { door, log } = setUp();
    const broken = door('broken', {
      enter: () => {
        throw boom;
      },
    });

    const answer = flightRunner([door('a'), broken])(() => log.push('work'), call());

    await expect(answer).rejects.toBe(boom);
    expect(log).toEqual(['a in', 'broken in', 'a failure at 0']);
  });

  it('reports a pass that throws at its end, and answers all the same', async () => {
    const { door, log, runtime } = setUp();
    const broken = door('broken', {
      enter: () => ({
        ok: true,
        done: () => {
          throw boom;
        },
      }),
    });

    const answer = flightRunner([door('a'), broken])(() => 7, call());

    await expect(answer).resolves.toBe(7);
    expect(log.at(-1)).toBe('a success at 0');
    expect(runtime.faults).toMatchObject([{ error: boom, origin: 'flight: end of a pass' }]);
  });

  it('goes on behind a door that lets the call wait', async () => {
    const { door, log, runtime } = setUp();
    const line = waitingEntry(log, 'queue');
    const answer = flightRunner([door('a'), door('queue', line), door('c')])(() => 7, call());
    await runtime.advance(50);
    expect(log).toEqual(['a in', 'queue in']);

    line.open();

    await expect(answer).resolves.toBe(7);
    expect(log.slice(2)).toEqual([
      'c in',
      'c success at 50',
      'queue success at 50',
      'a success at 50',
    ]);
  });

  it('takes a refusal or an error that comes later for what it is', async () => {
    const { door, log } = setUp();
    const refuses = flightRunner([door('a'), door('b', { enter: async () => refusal })]);
    const breaks = flightRunner([door('a'), door('b', { enter: () => Promise.reject(boom) })]);

    await expect(refuses(() => 7, call())).rejects.toMatchObject({ code: 'ERR_QUEUE_FULL' });
    await expect(breaks(() => 7, call())).rejects.toBe(boom);

    expect(log).toEqual(['a in', 'b in', 'a refused at 0', 'a in', 'b in', 'a failure at 0']);
  });

  it('keeps the caller’s async context while it waits and works', async () => {
    const { door, log } = setUp();
    const storage = new AsyncLocalStorage<string>();
    const line = waitingEntry(log, 'queue');
    const run = flightRunner([door('a'), door('queue', line)]);
    const seen: unknown[] = [];

    const answer = storage.run('caller', async () => {
      await run(() => seen.push(storage.getStore()), call());
      seen.push(storage.getStore());
    });
    await storage.run('somebody else', async () => line.open());
    await answer;

    expect(seen).toEqual(['caller', 'caller']);
  });

  it('costs doors that want to know nothing no pass', async () => {
    const { door } = setUp();
    const indifferent = door('limiter', { enter: () => ADMITTED });

    await expect(flightRunner([indifferent])(async () => 7, call())).resolves.toBe(7);
    await expect(flightRunner([indifferent])(() => Promise.reject(boom), call())).rejects.toBe(
      boom,
    );
  });

  it('hands the work the fields of the call', async () => {
    const { door } = setUp();
    const given = { key: 'k', tenant: 't', priority: 3, cost: { tokens: 5 }, attempt: 2 };

    const seen = await flightRunner([door('a')])((inner) => ({ ...inner }), {
      ...call(),
      ...given,
    });

    expect(seen).toMatchObject(given);
  });
});

describe('a caller that gives up', () => {
  it('is answered at once with its reason when its signal has aborted before', async () => {
    const { door, log } = setUp();
    const signal = AbortSignal.abort(boom);

    await expect(flightRunner([door('a')])(() => 7, { signal })).rejects.toBe(boom);

    expect(log).toEqual([]);
  });

  it('leaves the line it waits in', async () => {
    const { door, log, runtime } = setUp();
    const line = waitingEntry(log, 'queue');
    const controller = new AbortController();
    const answer = flightRunner([door('a'), door('queue', line)])(() => log.push('work'), {
      signal: controller.signal,
    });

    controller.abort(boom);
    await expect(answer).rejects.toBe(boom);
    line.open();
    await turn(runtime);

    expect(log).toEqual(['a in', 'queue in', 'a cancelled at 0', 'queue left']);
  });

  it('gives back the pass of a door that said yes in the same turn', async () => {
    const { door, log, runtime } = setUp();
    const controller = new AbortController();
    let admit = (): void => undefined;
    const late = door('late', {
      untilSettled: true,
      enter: (pass) => new Promise((resolve) => (admit = () => resolve(pass))),
    });
    const answer = flightRunner([door('a', { untilSettled: true }), late])(() => log.push('work'), {
      signal: controller.signal,
    });

    admit();
    controller.abort(boom);

    await expect(answer).rejects.toBe(boom);
    await turn(runtime);
    expect(log).toEqual(['a in', 'late in', 'late refused at 0', 'a refused at 0']);
  });

  it('is answered while the work goes on, and what the work holds is held until it settles', async () => {
    const { door, log, runtime } = setUp();
    const controller = new AbortController();
    const run = flightRunner([door('breaker'), door('slot', { untilSettled: true })]);
    const answer = run(() => runtime.sleep(100), { signal: controller.signal });
    await runtime.advance(30);

    controller.abort(boom);

    await expect(answer).rejects.toBe(boom);
    expect(log.slice(2)).toEqual(['breaker cancelled at 30']);
    await runtime.advance(70);
    expect(log.slice(3)).toEqual(['slot cancelled at 100']);
  });

  it('aborts the signal of the work with its own reason', async () => {
    const { door } = setUp();
    const controller = new AbortController();
    const seen: unknown[] = [];
    const answer = flightRunner([door('a')])(
      ({ signal }) =>
        new Promise(() => signal.addEventListener('abort', () => seen.push(signal.reason))),
      { signal: controller.signal },
    );

    controller.abort(boom);

    await expect(answer).rejects.toBe(boom);
    expect(seen).toEqual([boom]);
  });

  it('shares one listener on its signal among all its calls, and leaves nothing behind', async () => {
    const { door } = setUp();
    const controller = new AbortController();
    const run = flightRunner([door('a')]);
    const endings: (() => void)[] = [];

    const calls = Array.from({ length: 1000 }, () =>
      run(() => new Promise<void>((resolve) => endings.push(resolve)), controller),
    );

    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    for (const end of endings) end();
    await Promise.all(calls);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
  });

  it('changes nothing after the answer', async () => {
    const { door, log } = setUp();
    const controller = new AbortController();
    await flightRunner([door('a')])(() => 7, controller);

    controller.abort(boom);

    expect(log).toEqual(['a in', 'a success at 0']);
  });
});

describe('nested flights', () => {
  it('end together when the outermost caller gives up', async () => {
    const { door, log } = setUp();
    const controller = new AbortController();
    const outer = flightRunner([door('outer')]);
    const inner = flightRunner([door('inner')]);
    const answer = outer((call) => inner(() => new Promise(() => undefined), call), controller);

    controller.abort(boom);

    await expect(answer).rejects.toBe(boom);
    expect(log.slice(2)).toEqual(['outer cancelled at 0']);
  });

  it('keep their cancellation when the call is spread', async () => {
    const { door, log } = setUp();
    const controller = new AbortController();
    const outer = flightRunner([door('outer')]);
    const limited = flightRunner([door('inner'), limit(virtualRuntime(), 1_000)]);
    const answer = outer(
      (call) => limited(() => new Promise(() => undefined), { ...call, priority: 3 }),
      controller,
    );

    controller.abort(boom);

    await expect(answer).rejects.toBe(boom);
    expect(log.slice(2)).toEqual(['outer cancelled at 0', 'inner cancelled at 0']);
  });

  it('heed a signal of their own beside the outer cancellation', async () => {
    const { door, log } = setUp();
    const outerAbort = new AbortController();
    const innerAbort = new AbortController();
    const outer = flightRunner([door('outer')]);
    const inner = flightRunner([door('inner')]);
    const both = (): Promise<unknown> =>
      outer(
        (call) => inner(() => new Promise(() => undefined), { ...call, signal: innerAbort.signal }),
        outerAbort,
      );

    const first = both();
    innerAbort.abort(boom);
    await expect(first).rejects.toBe(boom);

    expect(log).toEqual(['outer in', 'inner in', 'inner cancelled at 0', 'outer failure at 0']);
  });

  it('hand on a token without any signal', async () => {
    const { door, log } = setUp();
    const token = cancelToken();
    const run = flightRunner([door('a'), limit(virtualRuntime(), 1_000)]);
    const answer = run(() => new Promise(() => undefined), { [TOKEN]: token });

    token.cancel(boom);

    await expect(answer).rejects.toBe(boom);
    expect(log).toEqual(['a in', 'a cancelled at 0']);
  });
});

describe('the signal of the work', () => {
  afterEach(() => vi.restoreAllMocks());

  it('is made only when it is read, once', async () => {
    const { door, runtime } = setUp();
    const made = vi.spyOn(globalThis, 'AbortController');
    const run = flightRunner([door('a'), limit(runtime, 1_000)]);

    await run(() => 7);
    expect(made).not.toHaveBeenCalled();
    await run((call: WorkCall) => call.signal === call.signal);

    expect(made).toHaveBeenCalledTimes(1);
  });
});

describe('a time limit', () => {
  it('answers the caller, fails the doors outside it and cancels those inside', async () => {
    const { door, log, runtime } = setUp();
    const stages = [
      door('breaker'),
      limit(runtime, 50),
      door('inside'),
      door('slot', { untilSettled: true }),
    ];
    const answer = flightRunner(stages)(() => runtime.sleep(200));
    const caught = answer.catch((error: unknown) => error);

    await runtime.advance(50);

    expect(await caught).toMatchObject({
      code: 'ERR_TIMEOUT',
      limitMs: 50,
      message: 'timeout: no answer within 50 ms',
    });
    expect(log.slice(3)).toEqual(['inside cancelled at 50', 'breaker failure at 50']);
    await runtime.advance(150);
    expect(log.slice(5)).toEqual(['slot failure at 200']);
  });

  it('aborts the signal only when it is reached', async () => {
    const { runtime } = setUp();
    const signals: AbortSignal[] = [];
    const run = flightRunner([limit(runtime, 50)]);

    await run(({ signal }) => signals.push(signal));
    await runtime.advance(100);
    expect(signals[0]?.aborted).toBe(false);
    const late = run(({ signal }) => {
      signals.push(signal);
      return new Promise(() => undefined);
    }).catch(() => undefined);
    await runtime.advance(50);
    await late;

    expect(signals[1]?.aborted).toBe(true);
    expect(signals[1]?.reason).toMatchObject({ code: 'ERR_TIMEOUT' });
  });

  it('gives up work that ignores its signal after the given time', async () => {
    const { door, log, runtime } = setUp();
    const slot = door('slot', { untilSettled: true });
    const run = flightRunner([limit(runtime, 50, { abandonAfterMs: 25 }), slot]);
    const answer = run(() => new Promise(() => undefined)).catch(() => undefined);

    await runtime.advance(74);
    await answer;
    expect(log).toEqual(['slot in']);
    await runtime.advance(1);

    expect(log).toEqual(['slot in', 'slot failure at 75']);
  });

  it('also gives up work whose caller has aborted', async () => {
    const { door, log, runtime } = setUp();
    const controller = new AbortController();
    const slot = door('slot', { untilSettled: true });
    const run = flightRunner([limit(runtime, 50, { abandonAfterMs: 25 }), slot]);
    const answer = run(() => new Promise(() => undefined), controller);

    controller.abort(boom);
    await expect(answer).rejects.toBe(boom);
    await runtime.advance(25);

    expect(log).toEqual(['slot in', 'slot cancelled at 25']);
  });

  it('counts waiting at doors further in', async () => {
    const { door, log, runtime } = setUp();
    const line = waitingEntry(log, 'queue');
    const run = flightRunner([limit(runtime, 50), door('queue', line)]);
    const answer = run(() => log.push('work')).catch((error: unknown) => error);

    await runtime.advance(50);

    expect(await answer).toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(log).toEqual(['queue in', 'queue left']);
  });

  it('leaves the nearest of several limits in force, and names it', async () => {
    const { runtime } = setUp();
    const stages = [
      limit(runtime, 500, { name: 'total' }),
      limit(runtime, 50, { name: 'attempt' }),
      limit(runtime, 90, { name: 'other' }),
    ];
    const answer = flightRunner(stages)(() => new Promise(() => undefined));
    const caught = answer.catch((error: unknown) => error);

    await runtime.advance(50);

    expect(await caught).toMatchObject({ message: 'attempt: no answer within 50 ms' });
  });

  it('passes the nearest deadline down', async () => {
    const { runtime } = setUp();
    const run = flightRunner([limit(runtime, 500), limit(runtime, 50)]);

    await runtime.advance(100);

    await expect(run(({ deadline }) => deadline)).resolves.toBe(150);
    await expect(run(({ deadline }) => deadline, { deadline: 120 })).resolves.toBe(120);
    await expect(run(({ deadline }) => deadline, { deadline: 900 })).resolves.toBe(150);
  });

  it('takes a deadline for the caller’s patience: no door learns anything from it', async () => {
    const { door, log, runtime } = setUp();
    const run = flightRunner([door('breaker'), limit(runtime, 500)]);
    const answer = run(() => new Promise(() => undefined), { deadline: 20 });
    const caught = answer.catch((error: unknown) => error);

    await runtime.advance(20);

    expect(await caught).toMatchObject({
      message: 'deadline: no answer within 20 ms',
      limitMs: 20,
    });
    expect(log).toEqual(['breaker in', 'breaker cancelled at 20']);
  });

  it('does not start work whose deadline has passed', async () => {
    const { door, log, runtime } = setUp();
    await runtime.advance(100);
    const slot = door('slot', { untilSettled: true });
    const run = flightRunner([slot, limit(runtime, 500), door('inside')]);

    await expect(run(() => log.push('work'), { deadline: 100 })).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
    });

    expect(log).toEqual(['slot in', 'slot refused at 100']);
  });

  it('answers with what came first: work that settles in the turn of the limit is too late', async () => {
    const { door, log, runtime } = setUp();
    const run = flightRunner([door('breaker'), limit(runtime, 50)]);

    const caught = run(() => runtime.sleep(50)).catch((error: unknown) => error);
    await runtime.advance(50);

    expect(await caught).toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(log).toEqual(['breaker in', 'breaker failure at 50']);
  });
});
