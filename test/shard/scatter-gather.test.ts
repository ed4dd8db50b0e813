import { describe, expect, it } from 'vitest';
import { simulateFanOut } from '../../bench/shard/fan-out-simulation.ts';
import { OptionError, type Runtime } from '../../src/core/index.ts';
import { type Ask, scatterGather } from '../../src/shard/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

const targets = ['a', 'b', 'c', 'd'];

/** Answers with its name after so many ms, or fails after as many with a minus; never for Infinity. */
const answering =
  (runtime: Runtime, delays: Readonly<Record<string, number>>): Ask<string, string> =>
  async (target, { signal }) => {
    const delay = delays[target] ?? 10;
    await runtime.sleep(Math.abs(delay), signal);
    if (delay < 0) throw new Error(`${target} is broken`);
    return target.toUpperCase();
  };

describe('scatterGather', () => {
  it('asks all at once and gives the answers in the order of the targets', async () => {
    const runtime = virtualRuntime();
    const search = scatterGather({ runtime });

    const gathered = await runtime.run(() => search.run(targets, answering(runtime, { a: 30 })));

    expect([...gathered.results]).toEqual([
      ['a', 'A'],
      ['b', 'B'],
      ['c', 'C'],
      ['d', 'D'],
    ]);
    expect(gathered).toMatchObject({ partial: false, hedges: 0 });
    expect(runtime.now()).toBe(30);
  });

  it('has an answer at once when nobody is asked', async () => {
    const gathered = await scatterGather().run([], () => 1);

    expect(gathered).toMatchObject({ partial: false });
  });

  it('goes with the quorum after the grace time, says what is missing and cancels it', async () => {
    const runtime = virtualRuntime();
    const search = scatterGather({ runtime, quorum: 0.75, graceMs: 5 });
    let cancelled = 0;

    const gathered = await runtime.run(() =>
      search.run(targets, (target, call) => {
        call.signal.addEventListener('abort', () => cancelled++);
        return answering(runtime, { d: 1_000 })(target, call);
      }),
    );

    expect(runtime.now()).toBe(15);
    expect(gathered.partial).toBe(true);
    expect([...gathered.missing.keys()]).toEqual(['d']);
    expect(gathered.missing.get('d')).toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(cancelled).toBe(4);
  });

  it('takes what there is at the deadline if that is a quorum, and times out otherwise', async () => {
    const runtime = virtualRuntime();
    const ask = answering(runtime, { c: Infinity, d: Infinity });
    const half = scatterGather({ runtime, quorum: 0.5, timeoutMs: 100 });
    const most = scatterGather({ runtime, quorum: 0.75, timeoutMs: 100 });

    const gathered = await runtime.run(() => half.run(targets, ask));
    const late = runtime.run(() => most.run(targets, ask, { deadline: 150 }));

    expect([...gathered.results.keys()]).toEqual(['a', 'b']);
    await expect(late).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(runtime.now()).toBe(150);
  });

  it('fails as soon as the quorum cannot be reached', async () => {
    const runtime = virtualRuntime();
    const search = scatterGather({ runtime, quorum: 0.75 });

    const failing = runtime.run(() =>
      search.run(targets, answering(runtime, { a: -1, b: -2, c: 500, d: 500 })),
    );

    await expect(failing).rejects.toMatchObject({
      code: 'ERR_QUORUM',
      needed: 3,
      cause: new Error('a is broken'),
    });
    expect(runtime.now()).toBe(2);
  });

  it('counts a failure as missing while the quorum holds', async () => {
    const runtime = virtualRuntime();
    const search = scatterGather({ runtime, quorum: 0.5 });

    const gathered = await runtime.run(() => search.run(targets, answering(runtime, { a: -1 })));

    expect(gathered.missing.get('a')).toEqual(new Error('a is broken'));
    expect(gathered.results.size).toBe(3);
  });

  it('asks a slow shard again, as a second attempt, and takes the first answer', async () => {
    const runtime = virtualRuntime();
    const search = scatterGather({ runtime, hedge: { afterMs: 20, budget: 1 } });
    const attempts: string[] = [];

    const gathered = await runtime.run(() =>
      search.run(targets, async (target, { attempt, signal }) => {
        attempts.push(target + attempt);
        await runtime.sleep(target === 'b' && attempt === 1 ? 500 : 10, signal);
        return attempt;
      }),
    );

    expect(attempts).toEqual(['a1', 'b1', 'c1', 'd1', 'b2']);
    expect(gathered.results.get('b')).toBe(2);
    expect(gathered.hedges).toBe(1);
    expect(runtime.now()).toBe(30);
  });

  it('asks nobody once the deadline has passed, and learns nothing from it', async () => {
    const runtime = virtualRuntime();
    const search = scatterGather({ runtime, timeoutMs: 1_000.25, hedge: {} });
    let asked = 0;
    await runtime.advance(10);

    const late = runtime.run(() => search.run(targets, () => asked++, { deadline: 10 }));

    await expect(late).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(asked).toBe(0);
    const slow = runtime.run(() => search.run(targets, answering(runtime, { a: Infinity })));
    await expect(slow).rejects.toThrow('no answer within 1000 ms');
  });

  it('spends no more second requests than the budget has', async () => {
    const runtime = virtualRuntime();
    const search = scatterGather({ runtime, hedge: { afterMs: 5, budget: 0.25 } });

    const gathered = await runtime.run(() => search.run(targets, answering(runtime, {})));

    expect(gathered.hedges).toBe(1);
  });

  it('leaves at an abort with its reason, and gives nothing to late answers', async () => {
    const runtime = virtualRuntime();
    const search = scatterGather({ runtime });
    const stop = new AbortController();

    const running = runtime.run(async () => {
      const gathering = search.run(targets, answering(runtime, { a: 500 }), {
        signal: stop.signal,
      });
      await runtime.sleep(20);
      stop.abort(new Error('gone'));
      return gathering;
    });

    await expect(running).rejects.toThrow('gone');
    await expect(search.run(targets, () => 1, { signal: stop.signal })).rejects.toThrow('gone');
    expect(runtime.faults).toEqual([]);
  });

  it.each([
    { quorum: 0 },
    { quorum: 1.1 },
    { timeoutMs: 0 },
    { graceMs: -1 },
    { hedge: { budget: 2 } },
  ])('refuses %j', (options) => {
    expect(() => scatterGather(options)).toThrow(OptionError);
  });
});

describe('hedging at p95, in a simulation of 20 shards with 2 % stragglers', () => {
  it('cuts p99 to a third at most for at most 6 % more load', async () => {
    const plain = await simulateFanOut({ calls: 1_500, seed: 7 });
    const hedged = await simulateFanOut({
      calls: 1_500,
      seed: 7,
      hedge: { quantile: 0.95, budget: 0.06 },
    });

    expect(plain.p99 / hedged.p99).toBeGreaterThanOrEqual(3);
    expect(hedged.requests / plain.requests).toBeLessThanOrEqual(1.06);
  });
});
