// Endpoints' lives: they come, warm up, fall ill, are ejected, return, drain and go.
import { describe, expect, it } from 'vitest';
import {
  type Balancer,
  balancer,
  type BalancerOptions,
  type EndpointPass,
  type HealthAnswer,
  leastRequest,
  roundRobin,
} from 'tenfold/balance';
import { type VirtualRuntime, virtualRuntime } from 'tenfold/sim';

/** Takes a pass or fails the test. */
function enter<T>(lb: Balancer<T>, call = {}): EndpointPass<T> {
  const pass = lb.tryEnter(call);
  if (!pass.ok) throw new Error(pass.message);
  return pass;
}

/** Sends calls that end at once, and says where they went. */
function ask<T>(
  lb: Balancer<T>,
  calls: number,
  ok: (id: string) => boolean = () => true,
): string[] {
  return Array.from({ length: calls }, () => {
    const pass = enter(lb);
    pass.done(ok(pass.endpoint) ? 'success' : 'failure');
    return pass.endpoint;
  });
}

const share = (picks: readonly string[], id: string): number =>
  picks.filter((pick) => pick === id).length / picks.length;

const state = <T>(lb: Balancer<T>, id: string): string | undefined =>
  lb.snapshot().endpoints.find((one) => one.id === id)?.state;

function made(options: Partial<BalancerOptions<string>> & { readonly seed?: number } = {}): {
  runtime: VirtualRuntime;
  lb: Balancer<string>;
} {
  const { seed = 1, ...others } = options;
  const runtime = virtualRuntime({ seed });
  const endpoints = ['a', 'b', 'c', 'd'];
  return {
    runtime,
    lb: balancer<string>({ endpoints, policy: roundRobin({ start: 'first' }), runtime, ...others }),
  };
}

describe('coming and going', () => {
  it('sends calls to those who come, and none to those who go', () => {
    const { lb } = made();

    lb.update({ add: ['e'], remove: ['a'] });
    const picks = ask(lb, 100);

    expect(new Set(picks)).toEqual(new Set(['b', 'c', 'd', 'e']));
  });

  it('takes a whole list, and keeps what it knows of those who stay', () => {
    const { lb } = made();
    ask(lb, 8);

    lb.update({ endpoints: [{ id: 'a', target: 'a', weight: 3 }, 'z'] });

    const { endpoints } = lb.snapshot();
    expect(endpoints.map(({ id, weight, calls }) => ({ id, weight, calls }))).toEqual([
      { id: 'a', weight: 3, calls: 2 },
      { id: 'z', weight: 1, calls: 0 },
    ]);
    expect(share(ask(lb, 400), 'a')).toBe(0.75);
  });

  it('lets an endpoint that is removed while it serves end its calls, and reuses its place', () => {
    const { lb } = made({ policy: leastRequest() });
    const passes = Array.from({ length: 40 }, () => enter(lb));
    const onA = passes.filter((pass) => pass.endpoint === 'a');

    lb.update({ remove: ['a'] });
    lb.update({ add: ['a'] });
    for (const pass of onA) {
      expect(pass.target).toBe('a');
      pass.done('failure');
    }

    const again = lb.snapshot().endpoints.find(({ id }) => id === 'a');
    expect(again).toMatchObject({ state: 'ready', inFlight: 0, calls: 0, failures: 0 });
    for (const pass of passes) pass.done('success'); // those on 'a' have ended: nothing happens
    expect(lb.snapshot().endpoints.every(({ inFlight }) => inFlight === 0)).toBe(true);
  });

  it('changes nothing when part of a change is wrong', () => {
    const { lb } = made();
    const before = lb.snapshot();

    expect(() => lb.update({ remove: ['a'], reweight: { b: NaN } })).toThrow('reweight.b');
    expect(() => lb.update({ add: ['e', 'e'] })).toThrow('unique');
    expect(() => lb.update({ remove: ['nobody'] })).toThrow('the id of an endpoint');

    expect(lb.snapshot()).toEqual(before);
  });
});

describe('slow start', () => {
  it('gives a newcomer little, then more, then its share', async () => {
    const { runtime, lb } = made({ slowStart: { windowMs: 10_000 } });
    lb.update({ add: ['new'] });

    expect(state(lb, 'new')).toBe('warming');
    expect(share(ask(lb, 1_000), 'new')).toBeLessThan(0.04);
    await runtime.advance(5_000);
    expect(share(ask(lb, 1_000), 'new')).toBeCloseTo(0.5 / 4.5, 1);
    await runtime.advance(5_001);
    expect(state(lb, 'new')).toBe('ready');
    expect(share(ask(lb, 1_000), 'new')).toBe(0.2);
  });

  it('does not slow down those who are there from the beginning', () => {
    const { lb } = made({ slowStart: {} });

    expect(lb.snapshot().endpoints.map(({ weight }) => weight)).toEqual([1, 1, 1, 1]);
  });
});

describe('ejection', () => {
  it('leaves an endpoint alone after five failures in a row, and takes it back in time', async () => {
    const { runtime, lb } = made({ outliers: { jitterRatio: 0 } });
    const seen: string[] = [];
    lb.on('state', ({ id, from, to, reason }) => seen.push(`${id}: ${from} → ${to}, ${reason}`));

    const picks = ask(lb, 60, (id) => id !== 'c');

    expect(picks.filter((id) => id === 'c')).toHaveLength(5);
    expect(state(lb, 'c')).toBe('ejected');
    await runtime.advance(30_000);
    expect(ask(lb, 8)).toContain('c');
    expect(seen).toEqual([
      'c: ready → ejected, 5 failures in a row',
      'c: ejected → ready, its ejection is over',
    ]);
  });

  it('stays away longer each time, and forgets that in good intervals', async () => {
    const { runtime, lb } = made({ outliers: { jitterRatio: 0, baseMs: 10_000, intervalMs: 1e9 } });
    const away = async (): Promise<number> => {
      ask(lb, 20, (id) => id !== 'c');
      const from = runtime.now();
      while (state(lb, 'c') === 'ejected') await runtime.advance(1_000);
      return runtime.now() - from;
    };

    expect([await away(), await away(), await away()]).toEqual([10_000, 20_000, 30_000]);
  });

  it('compares success ratios, and finds one bad endpoint of four', async () => {
    const { runtime, lb } = made({ outliers: { consecutive: Infinity } });
    let call = 0;
    ask(lb, 400, (id) => id !== 'b' || ++call % 2 === 0);

    await runtime.advance(10_000);

    expect(state(lb, 'b')).toBe('ejected');
    expect(lb.snapshot().endpoints.filter((one) => one.state === 'ejected')).toHaveLength(1);
  });

  it('ejects no more than its share', () => {
    const { lb } = made({ outliers: { maxRatio: 0.5 }, panicRatio: 0 });

    ask(lb, 100, () => false);

    expect(lb.snapshot().endpoints.filter((one) => one.state === 'ejected')).toHaveLength(2);
  });

  it('takes everybody back when it is turned off', () => {
    const { lb } = made();
    ask(lb, 40, (id) => id !== 'c');

    lb.update({ outliers: false });

    expect(state(lb, 'c')).toBe('ready');
  });

  it('counts neither a cancelled nor an ignored call', () => {
    const { lb } = made({ classify: () => 'ignored' });

    for (let call = 0; call < 100; call++) enter(lb).done(call % 2 === 0 ? 'failure' : 'cancelled');

    expect(
      lb.snapshot().endpoints.every((one) => one.state === 'ready' && one.failures === 0),
    ).toBe(true);
  });

  it('counts a response of 503 as a failure, though nothing was thrown', async () => {
    const { runtime, lb } = made();

    await runtime.run(async () => {
      for (let call = 0; call < 60; call++) {
        await lb.run(async (_call, id) => ({ status: id === 'd' ? 503 : 200 }));
      }
    });

    expect(state(lb, 'd')).toBe('ejected');
  });
});

describe('panic', () => {
  it('ignores health when most are unwell, and says so', () => {
    const { lb } = made({ outliers: { maxRatio: 1, consecutive: 1 } });
    const seen: boolean[] = [];
    lb.on('panic', ({ isPanicking }) => seen.push(isPanicking));

    ask(lb, 3, () => false);
    const picks = ask(lb, 40);

    expect(lb.snapshot().isPanicking).toBe(true);
    expect(new Set(picks)).toEqual(new Set(['a', 'b', 'c', 'd']));
    expect(seen).toEqual([true]);
  });

  it('refuses instead when told so, and says when to come again', () => {
    const outliers = { maxRatio: 1, consecutive: 1, jitterRatio: 0 };
    const { lb } = made({ outliers, inPanic: 'refuse' });
    ask(lb, 3, () => false);

    const answer = lb.tryEnter();

    expect(answer).toMatchObject({ ok: false, code: 'ERR_UNAVAILABLE', retryAfterMs: 30_000 });
  });
});

describe('priorities', () => {
  it('spill over as the first one loses endpoints, and come back', async () => {
    const endpoints = ['a', 'b', 'c', 'd', 'e', 'f'].map((id, at) => ({
      ...{ id, target: id, priority: at < 4 ? 0 : 1 },
    }));
    const outliers = { maxRatio: 0.5, jitterRatio: 0 };
    const { runtime, lb } = made({ endpoints, outliers, panicRatio: 0 });
    const spilled = (): number => {
      const picks = ask(lb, 4_000);
      return share(picks, 'e') + share(picks, 'f');
    };

    expect(spilled()).toBe(0);
    ask(lb, 60, (id) => id !== 'a' && id !== 'b');
    expect(spilled()).toBeCloseTo(0.3, 1);
    await runtime.advance(30_000);
    expect(spilled()).toBe(0);
  });
});

describe('active checks', () => {
  const health = (answers: Record<string, HealthAnswer | 'throws' | 'hangs'>) => ({
    intervalMs: 5_000,
    timeoutMs: 1_000,
    jitterRatio: 0,
    check: (id: string): HealthAnswer | Promise<HealthAnswer> => {
      const answer = answers[id];
      if (answer === 'throws') throw new Error('refused');
      if (answer === 'hangs') return new Promise(() => undefined);
      return answer;
    },
  });

  it.each(['throws', 'hangs', false] as const)(
    'fail over after three bad answers (%s) and back after two good ones',
    async (bad) => {
      const answers: Record<string, HealthAnswer | 'throws' | 'hangs'> = { a: bad };
      const { runtime, lb } = made({ health: health(answers) });

      await runtime.advance(10_000);
      expect(state(lb, 'a')).toBe('ready');
      await runtime.advance(7_000);
      expect(state(lb, 'a')).toBe('unhealthy');
      expect(ask(lb, 100)).not.toContain('a');

      answers['a'] = true;
      await runtime.advance(12_000);
      expect(state(lb, 'a')).toBe('ready');
      expect(ask(lb, 100)).toContain('a');
      await lb.close();
    },
  );

  it('keep a newcomer out until its first good answer, where that is asked for', async () => {
    const answers: Record<string, HealthAnswer> = {};
    const { runtime, lb } = made({ health: { ...health(answers), initially: 'unchecked' } });
    expect(state(lb, 'a')).toBe('unchecked');

    await runtime.advance(1);

    expect(state(lb, 'a')).toBe('ready');
    answers['e'] = false;
    lb.update({ add: ['e'] });
    expect(ask(lb, 100)).not.toContain('e');
    await runtime.advance(1);
    expect(state(lb, 'e')).toBe('unhealthy');
    await lb.close();
  });

  it('use the degraded last, and take what they report', async () => {
    const answers: Record<string, HealthAnswer> = {
      a: { ok: true, degraded: true },
      b: { ok: true, capacity: 3 },
    };
    const { runtime, lb } = made({ health: health(answers) });

    await runtime.advance(6_000);

    expect(state(lb, 'a')).toBe('degraded');
    const picks = ask(lb, 500);
    expect(share(picks, 'a')).toBe(0);
    expect(share(picks, 'b')).toBe(0.6);
    await lb.close();
  });

  it('end an ejection', async () => {
    const { runtime, lb } = made({ health: health({}) });
    ask(lb, 40, (id) => id !== 'c');
    expect(state(lb, 'c')).toBe('ejected');

    await runtime.advance(5_001);

    expect(state(lb, 'c')).toBe('ready');
    await lb.close();
  });

  it('stop with the balancer', async () => {
    let asked = 0;
    const { runtime, lb } = made({ health: { check: () => void asked++ } });
    await runtime.advance(20_000);
    const before = asked;

    await lb.close();
    await runtime.advance(60_000);

    expect(before).toBeGreaterThan(8);
    expect(asked).toBe(before);
    expect(lb.tryEnter()).toMatchObject({ ok: false, message: 'it is closed' });
  });
});

describe('draining', () => {
  it('sends no new calls, waits for those in flight, and removes the endpoint', async () => {
    const { runtime, lb } = made();
    const held = Array.from({ length: 4 }, () => enter(lb)).find(
      ({ endpoint }) => endpoint === 'b',
    )!;

    await runtime.run(async () => {
      let report: unknown;
      const drained = lb.drain('b').then((answer) => (report = answer));
      expect(ask(lb, 100)).not.toContain('b');
      expect(state(lb, 'b')).toBe('draining');
      await runtime.sleep(10_000);
      expect(report).toBeUndefined();
      held.done('success');
      await drained;
      expect(report).toEqual({ inFlight: 0, sessions: 0 });
    });

    expect(state(lb, 'b')).toBeUndefined();
  });

  it('gives up after a time and says what was left', async () => {
    const { runtime, lb } = made();
    for (let call = 0; call < 4; call++) enter(lb);

    const report = await runtime.run(() => lb.drain('b', { withinMs: 5_000 }));

    expect(report).toEqual({ inFlight: 1, sessions: 0 });
    expect(runtime.now()).toBe(5_000);
  });

  it('keeps serving its sessions for hours, until they end', async () => {
    const { runtime, lb } = made({ sticky: { idleMs: 600_000 } });
    const first = enter(lb, { session: 'voice 1' });
    first.done('success');

    await runtime.run(async () => {
      const drained = lb.drain(first.endpoint);
      for (let minute = 0; minute < 180; minute++) {
        await runtime.sleep(60_000);
        const pass = enter(lb, { session: 'voice 1' });
        expect(pass.endpoint).toBe(first.endpoint);
        pass.done('success');
        expect(enter(lb, { session: `other ${minute}` }).endpoint).not.toBe(first.endpoint);
      }
      const lastCall = runtime.now();
      expect(await drained).toEqual({ inFlight: 0, sessions: 0 });
      expect(runtime.now() - lastCall).toBe(600_000);
    });
  });

  it('of all: refuses by name', () => {
    const { lb } = made();
    for (const id of ['a', 'b', 'c', 'd']) {
      enter(lb);
      void lb.drain(id);
    }

    const answer = lb.tryEnter();

    expect(answer).toMatchObject({ ok: false, code: 'ERR_UNAVAILABLE' });
    expect(answer.ok === false && answer.message).toContain('draining');
  });
});

describe('sticky sessions', () => {
  it('stay where they are while endpoints come, and move when theirs falls ill', () => {
    const { lb } = made({ sticky: {} });
    const home = enter(lb, { session: 's' }).endpoint;
    lb.update({ add: ['e', 'f', 'g'] });

    const picks = Array.from({ length: 20 }, () => enter(lb, { session: 's' }).endpoint);
    expect(new Set(picks)).toEqual(new Set([home]));
    expect(lb.explain({ session: 's' }).sticky).toBe(home);

    ask(lb, 60, (id) => id !== home);
    expect(state(lb, home)).toBe('ejected');
    const moved = enter(lb, { session: 's' }).endpoint;
    expect(moved).not.toBe(home);
    expect(enter(lb, { session: 's' }).endpoint).toBe(moved);
  });

  it('are forgotten when idle, when ended, and the longest idle when there are too many', async () => {
    const { runtime, lb } = made({ sticky: { idleMs: 1_000, sessions: 2 } });
    for (const session of ['x', 'y', 'z']) enter(lb, { session }).done('success');

    expect(lb.snapshot().sessions).toBe(2);
    expect(lb.explain({ session: 'x' }).sticky).toBeUndefined();
    expect(lb.explain({ session: 'z' }).sticky).toBeDefined();
    lb.endSession('z');
    expect(lb.explain({ session: 'z' }).sticky).toBeUndefined();
    await runtime.advance(1_000);
    expect(lb.explain({ session: 'y' }).sticky).toBeUndefined();
  });
});
