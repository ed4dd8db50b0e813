import { describe, expect, it } from 'vitest';
import type { Call, Door, Stage } from '../../src/core/index.ts';
import { asStream, flightRunner } from '../../src/core/index.ts';
import { timeout } from '../../src/policy/index.ts';
import { STAGE } from '../../src/core/index.ts';
import type { VirtualRuntime } from '../../src/sim/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';
import { scriptedDoor } from './scripted-door.ts';

const boom = new Error('boom');

function setUp() {
  const runtime = virtualRuntime();
  const log: string[] = [];
  const breaker = scriptedDoor('breaker', { log, runtime });
  const slot = scriptedDoor('slot', { log, runtime, untilSettled: true });
  return { runtime, log, breaker, slot };
}

/** Says each word after a pause; writes down that it was closed. */
async function* speak(
  runtime: VirtualRuntime,
  log: string[],
  pauses: readonly number[],
): AsyncGenerator<string, string> {
  try {
    for (const [i, pause] of pauses.entries()) {
      await runtime.sleep(pause);
      yield `word ${i}`;
    }
    return 'end';
  } finally {
    log.push(`closed at ${runtime.now()}`);
  }
}

async function read(stream: AsyncIterable<string>): Promise<string[]> {
  const words: string[] = [];
  for await (const word of stream) words.push(word);
  return words;
}

function stageOf(options: Parameters<typeof timeout>[0]): Stage {
  return timeout(options)[STAGE];
}

describe.each([
  ['plain', (): Call | undefined => undefined],
  ['racing', (): Call | undefined => ({ signal: new AbortController().signal })],
])('a stream as the answer of a %s flight', (_form, call) => {
  function flight(doors: readonly Door[]) {
    return flightRunner(doors);
  }

  it('holds what the work holds until it has ended, and tells the last item', async () => {
    const { runtime, log, breaker, slot } = setUp();
    const details: unknown[] = [];
    const settling: Door = {
      name: 'cost',
      kind: 'limiter',
      runtime,
      enter: () => ({ ok: true, done: (_outcome, detail) => details.push(detail) }),
    };

    const words = await runtime.run(async () => {
      const stream = await flight([breaker, slot, settling])(
        () => speak(runtime, log, [10, 10, 10]),
        call(),
      );
      expect(log).toEqual(['breaker in', 'slot in']);
      return read(stream);
    });

    expect(words).toEqual(['word 0', 'word 1', 'word 2']);
    expect(log.slice(2)).toEqual(['closed at 30', 'breaker success at 30', 'slot success at 30']);
    expect(details).toEqual(['word 2']);
  });

  it('counts a reader that has had enough as served', async () => {
    const { runtime, log, breaker, slot } = setUp();

    await runtime.run(async () => {
      const stream = await flight([breaker, slot])(() => speak(runtime, log, [10, 10]), call());
      for await (const word of stream) {
        expect(word).toBe('word 0');
        break;
      }
    });

    expect(log.slice(2)).toEqual(['breaker success at 10', 'closed at 10', 'slot success at 10']);
  });

  it('counts a stream that breaks as failed', async () => {
    const { runtime, log, breaker } = setUp();
    async function* broken(): AsyncGenerator<string> {
      yield 'a';
      throw boom;
    }

    const stream = await flight([breaker])(broken, call());

    await expect(read(stream)).rejects.toBe(boom);
    expect(log).toEqual(['breaker in', 'breaker failure at 0']);
    expect(runtime.faults).toEqual([]);
  });

  it('leaves a generator what it is: next, return and throw all work', async () => {
    const { breaker, log } = setUp();
    async function* echo(): AsyncGenerator<string, string, string> {
      const heard = yield 'first';
      try {
        yield heard;
      } catch (error) {
        yield `caught ${String(error)}`;
      }
      return 'done';
    }

    const stream = await flight([breaker])(echo, call());

    expect(await stream.next()).toEqual({ done: false, value: 'first' });
    expect(await stream.next('again')).toEqual({ done: false, value: 'again' });
    expect(await stream.throw('x')).toEqual({ done: false, value: 'caught x' });
    expect(await stream.next()).toEqual({ done: true, value: 'done' });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(log).toEqual(['breaker in', 'breaker success at 0']);
  });

  it('answers with a real web stream where the work does', async () => {
    const { breaker, log } = setUp();
    const source = () => ReadableStream.from(['a', 'b']);

    const stream = await flight([breaker])(source, call());

    expect(log).toEqual(['breaker in']);
    expect(await new Response(stream.pipeThrough(new TextEncoderStream())).text()).toBe('ab');
    expect(log).toEqual(['breaker in', 'breaker success at 0']);
  });

  it('takes an async iterable for a stream only when it is marked', async () => {
    const { breaker, log } = setUp();
    class Page {
      readonly data = ['a', 'b'];
      #secret = 'kept';
      secret(): string {
        return this.#secret;
      }
      async *[Symbol.asyncIterator](): AsyncGenerator<string> {
        yield* this.data;
      }
    }

    const page = await flight([breaker])(() => new Page(), call());
    expect(log).toEqual(['breaker in', 'breaker success at 0']);
    const stream = await flight([breaker])(() => asStream(new Page()), call());

    expect(log.slice(2)).toEqual(['breaker in']);
    expect(stream).toBeInstanceOf(Page);
    expect(stream.secret()).toBe('kept');
    expect(stream.data).toEqual(page.data);
    expect(await read(stream)).toEqual(['a', 'b']);
    expect(log.slice(3)).toEqual(['breaker success at 0']);
  });

  it('survives an answer that cannot be looked at', async () => {
    const { breaker, log } = setUp();
    const shy = new Proxy(
      {},
      {
        get: (_target, key) => {
          if (key === 'then') return undefined;
          throw boom;
        },
      },
    );

    await expect(flight([breaker])(async () => ({ shy }), call())).resolves.toBeDefined();
    await flight([breaker])(async () => shy, call());

    expect(log.at(-1)).toBe('breaker success at 0');
  });
});

describe('a caller that leaves a stream', () => {
  it('is answered at once, the source is closed, and the slot is free when it is', async () => {
    const { runtime, log, breaker, slot } = setUp();
    const controller = new AbortController();
    const run = flightRunner([breaker, slot]);

    await runtime.run(async () => {
      const stream = await run(() => speak(runtime, log, [10, 90]), controller);
      await stream.next();
      const second = stream.next();
      await runtime.sleep(20);
      controller.abort(boom);
      await expect(second).rejects.toBe(boom);
      await expect(stream.next()).rejects.toBe(boom);
    });

    expect(log.slice(2)).toEqual(['breaker cancelled at 30']);
    await runtime.advance(100);
    expect(log.slice(3)).toEqual(['closed at 100', 'slot cancelled at 100']);
  });

  it('has a stream closed that comes when it has gone', async () => {
    const { runtime, log, slot } = setUp();
    const controller = new AbortController();
    const closed: string[] = [];
    const source = asStream({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => undefined),
        return: async () => {
          closed.push('closed');
          return { done: true as const, value: undefined };
        },
      }),
    });
    const answer = flightRunner([slot])(async () => {
      await runtime.sleep(10);
      return source;
    }, controller);

    controller.abort(boom);
    await expect(answer).rejects.toBe(boom);
    await runtime.advance(10);

    expect(closed).toEqual(['closed']);
    expect(log).toEqual(['slot in', 'slot cancelled at 10']);
  });
});

describe('time limits of a stream', () => {
  it('bounds the first item by the time the call took, less what the reader took', async () => {
    const { runtime, log, breaker } = setUp();
    const run = flightRunner([breaker, stageOf({ firstItemMs: 50, runtime })]);

    await runtime.run(async () => {
      const prompt = await run(async () => {
        await runtime.sleep(20);
        return speak(runtime, log, [29, 500]);
      });
      await runtime.sleep(1_000);
      expect(await read(prompt)).toHaveLength(2);
      const tardy = await run(async () => {
        await runtime.sleep(20);
        return speak(runtime, log, [31]);
      });
      await expect(read(tardy)).rejects.toMatchObject({
        code: 'ERR_TIMEOUT',
        message: 'timeout: no first item within 50 ms',
      });
    });

    expect(log.filter((line) => line.startsWith('breaker'))).toEqual([
      'breaker in',
      'breaker success at 1549',
      'breaker in',
      'breaker failure at 1599',
    ]);
  });

  it('bounds an answer that is no stream by firstItemMs, too', async () => {
    const { runtime } = setUp();
    const run = flightRunner([stageOf({ firstItemMs: 50, runtime })]);

    await runtime.run(async () => {
      await expect(run(() => runtime.sleep(51))).rejects.toMatchObject({ limitMs: 50 });
      await expect(run(() => runtime.sleep(49))).resolves.toBeUndefined();
    });
  });

  it('bounds the pause before each later item', async () => {
    const { runtime, log, slot } = setUp();
    const run = flightRunner([slot, stageOf({ idleMs: 30, runtime })]);

    await runtime.run(async () => {
      const stream = await run(() => speak(runtime, log, [100, 29, 29, 40]));
      const words: string[] = [];
      const reading = (async () => {
        for await (const word of stream) words.push(word);
      })();
      await expect(reading).rejects.toMatchObject({ message: 'timeout: no item within 30 ms' });
      expect(words).toEqual(['word 0', 'word 1', 'word 2']);
      expect(runtime.now()).toBe(188);
    });

    await runtime.advance(100);
    expect(log).toEqual(['slot in', 'closed at 198', 'slot failure at 198']);
  });

  it('bounds the whole stream by ms', async () => {
    const { runtime, log } = setUp();
    const run = flightRunner([stageOf({ ms: 50, runtime })]);

    await runtime.run(async () => {
      const stream = await run(() => speak(runtime, log, [20, 20, 20]));
      await expect(read(stream)).rejects.toMatchObject({
        message: 'timeout: no answer within 50 ms',
      });
    });

    expect(runtime.now()).toBe(50);
  });

  it('ends a stream that nobody reads', async () => {
    const { runtime, log, slot } = setUp();
    const run = flightRunner([slot, stageOf({ ms: 50, runtime })]);

    await run(() => speak(runtime, log, [1]));
    await runtime.advance(50);

    expect(log).toEqual(['slot in', 'slot failure at 50']);
  });

  it('gives up a source that does not close', async () => {
    const { runtime, log, slot } = setUp();
    const run = flightRunner([
      stageOf({ idleMs: 10, firstItemMs: 10, abandonAfterMs: 5, runtime }),
      slot,
    ]);
    async function* stuck(): AsyncGenerator<string> {
      await new Promise(() => undefined);
      yield 'never';
    }

    const stream = await run(stuck);
    const reading = read(stream).catch((error: unknown) => error);
    await runtime.advance(10);

    expect(await reading).toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(log).toEqual(['slot in']);
    await runtime.advance(5);
    expect(log).toEqual(['slot in', 'slot failure at 15']);
  });
});
