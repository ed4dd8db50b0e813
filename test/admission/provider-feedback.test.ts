import { describe, expect, it } from 'vitest';
import type { Quota } from '../../src/admission/index.ts';
import {
  bucket,
  concurrencyLimiter,
  jointLimiter,
  providerFeedback,
  rateLimiter,
  readQuotas,
} from '../../src/admission/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

const answer = (status: number, headers: Record<string, string> = {}): Response =>
  new Response('', { status, headers });

function group(maxWaitMs = Infinity, pauseMs = 1000) {
  const runtime = virtualRuntime({ wallStartMs: Date.UTC(2026, 10, 21, 3, 0, 0) });
  const perMinute = (limit: number) => bucket({ capacity: limit, refillPerSecond: limit / 60 });
  const requests = rateLimiter({ name: 'requests', rate: perMinute(600), runtime });
  const tokens = rateLimiter({ name: 'tokens', rate: perMinute(6000), unit: 'tokens', runtime });
  const feedback = providerFeedback({ retune: { requests, tokens }, pauseMs, runtime });
  const provider = jointLimiter({ limiters: [requests, tokens, feedback], maxWaitMs, runtime });
  return { runtime, requests, tokens, feedback, provider };
}

describe('providerFeedback', () => {
  it('pauses everybody for as long as the provider says', async () => {
    const { runtime, provider, feedback } = group();
    const begun: number[] = [];

    await runtime.run(async () => {
      await provider.run(async () => answer(429, { 'Retry-After': '7' }));
      await Promise.all([1, 2, 3].map(() => provider.run(async () => begun.push(runtime.now()))));
    });

    expect(begun).toEqual([7000, 7000, 7000]);
    expect(feedback.snapshot()).toMatchObject({ pausedMs: 0, pauses: 1 });
  });

  it('refuses during a pause, by name and with the time left', async () => {
    const { runtime, provider, feedback } = group(0);

    await runtime.run(async () => {
      feedback.report(answer(503, { 'Retry-After': '2' }));
      await runtime.sleep(500);
      await expect(provider.run(async () => 1)).rejects.toMatchObject({
        code: 'ERR_RATE_LIMITED',
        policy: 'providerFeedback',
        retryAfterMs: 1500,
      });
    });
  });

  it('makes one pause of fifty refusals that were under way, and doubles the next', async () => {
    const { runtime, feedback } = group();
    const pauses: number[] = [];
    feedback.on('paused', ({ ms }) => pauses.push(ms));

    await runtime.run(async () => {
      const wave = () =>
        Promise.all(
          Array.from({ length: 50 }, (_, i) =>
            feedback.run(() => runtime.sleep(i).then(() => answer(429))).catch(() => undefined),
          ),
        );
      for (let i = 0; i < 4; i++) {
        await wave();
        await runtime.sleep(feedback.snapshot().pausedMs);
      }
    });

    const exact = [1000, 2000, 4000, 8000];
    expect(pauses).toHaveLength(4);
    pauses.forEach((ms, i) => expect(Math.abs(ms / exact[i]! - 1)).toBeLessThanOrEqual(0.2));
  });

  it('begins anew with short pauses once a call has succeeded', async () => {
    const { runtime, feedback } = group();
    const pauses: number[] = [];
    feedback.on('paused', ({ ms }) => pauses.push(ms));

    await runtime.run(async () => {
      for (const status of [429, 429, 200, 429]) {
        await runtime.sleep(feedback.snapshot().pausedMs);
        feedback.report(answer(status));
      }
    });

    expect(pauses.map((ms) => Math.round(ms / 1000))).toEqual([1, 2, 1]);
  });

  it('takes over what is left, which others may have used, and never gives more', async () => {
    const { runtime, provider, requests, tokens } = group();

    await runtime.run(async () => {
      const told = {
        'x-ratelimit-remaining-requests': '20',
        'x-ratelimit-remaining-tokens': '9999',
      };
      await provider.run(async () => answer(200, told), { cost: { requests: 1, tokens: 100 } });
    });

    expect(requests.peek().remaining).toBeCloseTo(20, 6);
    expect(tokens.peek().remaining).toBe(5900);
  });

  it('takes over a limit below its own, and returns to its own, never above', async () => {
    const { runtime, feedback, tokens } = group();
    const limits: number[] = [];

    await runtime.run(async () => {
      for (const limit of ['3000', '60000']) {
        const told = { 'x-ratelimit-limit-tokens': limit, 'x-ratelimit-remaining-tokens': '3000' };
        feedback.report(answer(200, told));
        limits.push(tokens.snapshot().limit);
        await runtime.sleep(1);
      }
    });

    expect(limits).toEqual([3000, 6000]);
  });

  it('goes slower where nothing is told but "too many", and slowly faster again', async () => {
    const { runtime, feedback, requests } = group();

    await runtime.run(async () => {
      for (let i = 0; i < 3; i++) {
        feedback.report(answer(429));
        await runtime.sleep(feedback.snapshot().pausedMs);
      }
      expect(requests.snapshot().limit).toBeCloseTo(600 * 0.8 ** 3, 6);
      for (let i = 0; i < 60; i++) {
        await runtime.sleep(5000);
        feedback.report(answer(200));
      }
    });

    expect(feedback.snapshot().tuned).toEqual({ requests: 1, tokens: 1 });
    expect(requests.snapshot().limit).toBe(600);
  });

  it('finds the rate of a provider that tells nothing', async () => {
    const runtime = virtualRuntime();
    const theirs = rateLimiter({ rate: bucket({ capacity: 10, refillPerSecond: 10 }), runtime });
    const requests = rateLimiter({ rate: bucket({ capacity: 50, refillPerSecond: 50 }), runtime });
    const feedback = providerFeedback({ retune: { requests }, pauseMs: 200, runtime });
    const provider = jointLimiter({
      limiters: [requests, feedback, concurrencyLimiter({ limit: 20, runtime })],
      maxWaitMs: Infinity,
      runtime,
    });
    let good = 0;
    let bad = 0;

    await runtime.run(async () => {
      const caller = async (): Promise<void> => {
        while (runtime.now() < 300_000) {
          const { status } = await provider.run(async () => {
            await runtime.sleep(20);
            return answer(theirs.tryTake().ok ? 200 : 429);
          });
          if (status === 200) good++;
          else bad++;
        }
      };
      await Promise.all(Array.from({ length: 20 }, caller));
    });

    expect(good / 300).toBeGreaterThan(7);
    expect(bad / (good + bad)).toBeLessThan(0.1);
  });

  it('does not believe an answer to an older call over that to a newer one', async () => {
    const { runtime, feedback, requests } = group();
    const told = (remaining: number) =>
      answer(200, { 'x-ratelimit-remaining-requests': String(remaining) });

    await runtime.run(async () => {
      const old = feedback.run(() => runtime.sleep(100).then(() => told(1)));
      await runtime.sleep(10);
      await feedback.run(async () => told(590));
      await old;
    });

    expect(requests.peek().remaining).toBeGreaterThanOrEqual(590);
  });

  it('bounds a pause, whatever is said', async () => {
    const { runtime, feedback } = group();

    await runtime.run(async () => {
      feedback.report(answer(429, { 'Retry-After': '99999999' }));
      expect(feedback.snapshot().pausedMs).toBe(600_000);
    });
  });

  it.each([
    undefined,
    null,
    'text',
    42,
    new Error('no status'),
    { status: 'odd', headers: 7 },
    answer(503),
  ])('is not moved by %s', async (detail) => {
    const { feedback } = group();

    feedback.report(detail);

    expect(feedback.snapshot()).toMatchObject({ pausedMs: 0, pauses: 0 });
  });

  it.each([
    ['retune.tokens', { retune: { tokens: concurrencyLimiter({ limit: 1 }) } }],
    ['retune.requests', { retune: { requests: {} } }],
    ['pauseMs', { pauseMs: 0 }],
    ['maxPauseMs', { pauseMs: 10, maxPauseMs: 5 }],
    ['isLimited', { isLimited: 429 }],
  ])('refuses a wrong %s', (option, wrong) => {
    expect(() => providerFeedback(wrong as object)).toThrow(`providerFeedback.${option}`);
  });
});

describe('providerFeedback with answers that make no sense', () => {
  it.each(['0', 'Sat, 21 Nov 2026 02:00:00 GMT', '-1', 'soon'])(
    'backs off by itself where a refusal says to come back after %j',
    async (retryAfter) => {
      const { runtime, feedback } = group();
      const pauses: number[] = [];
      feedback.on('paused', ({ ms }) => pauses.push(ms));

      await runtime.run(async () => {
        for (let i = 0; i < 3; i++) {
          feedback.report(answer(429, { 'Retry-After': retryAfter }));
          await runtime.sleep(feedback.snapshot().pausedMs);
        }
      });

      [1000, 2000, 4000].forEach((ms, i) =>
        expect(Math.abs(pauses[i]! / ms - 1)).toBeLessThanOrEqual(0.2),
      );
    },
  );

  it('pauses no longer than it may, whatever is asked', async () => {
    const { feedback } = group();

    feedback.report(answer(429, { 'Retry-After': '9'.repeat(400) }));

    expect(feedback.snapshot().pausedMs).toBe(600_000);
  });

  it('keeps its limits where a provider tells of numbers beyond counting', async () => {
    const runtime = virtualRuntime();
    const tokens = rateLimiter({ rate: bucket({ capacity: 9, refillPerSecond: 0 }), runtime });
    const feedback = providerFeedback({ retune: { requests: tokens }, runtime });
    const many = '9'.repeat(400);
    const headers = { RateLimit: '"a";r=9', 'RateLimit-Policy': `"a";q=${many};w=${many}` };

    const got = await runtime.run(() => feedback.run(async () => answer(200, headers)));

    expect(got.status).toBe(200);
    expect(tokens.snapshot()).toMatchObject({ limit: 9, remaining: 9 });
    expect(runtime.faults).toEqual([]);
  });

  it('reports a classifier that throws', () => {
    const runtime = virtualRuntime();
    const isLimited = (): boolean => {
      throw new Error('a fault of the user');
    };
    const feedback = providerFeedback({ isLimited, runtime });

    feedback.report(answer(429));

    expect(feedback.snapshot().pauses).toBe(0);
    expect(runtime.faults.map(({ origin }) => origin)).toEqual(['providerFeedback: isLimited']);
  });

  it('refuses limiters to retune that are no object', () => {
    expect(() => providerFeedback({ retune: null as never })).toThrow('providerFeedback.retune');
  });
});

describe('readQuotas', () => {
  const runtime = virtualRuntime({ wallStartMs: Date.UTC(2026, 10, 21, 3, 0, 0) });
  const read = (headers: Record<string, string>): Quota[] =>
    readQuotas(answer(200, headers), ['requests', 'tokens'], runtime);
  const quota = (told: Partial<Quota>): Quota => ({
    unit: 'requests',
    limit: undefined,
    windowMs: undefined,
    remaining: undefined,
    resetMs: undefined,
    ...told,
  });

  it.each<[string, Record<string, string>, Partial<Quota>[]]>([
    [
      'the IETF draft, revision 10, with policies',
      {
        'RateLimit-Policy': '"burst";q=100;w=60, "daily; \\"x\\", y";q=1000;w=86400;qu="tokens"',
        RateLimit: '"burst";r=50;t=30, "daily; \\"x\\", y";r=5',
      },
      [
        { limit: 100, windowMs: 60_000, remaining: 50, resetMs: 30_000 },
        { unit: 'tokens', limit: 1000, windowMs: 86_400_000, remaining: 5 },
      ],
    ],
    [
      'the IETF draft, revision 7',
      { RateLimit: 'limit=100, remaining=50, reset=5' },
      [{ limit: 100, remaining: 50, resetMs: 5000 }],
    ],
    [
      'the IETF draft, revision 7, with the policy beside it',
      { RateLimit: 'limit=100, remaining=50, reset=5', 'RateLimit-Policy': '10;w=1, 100;w=60' },
      [{ limit: 100, windowMs: 60_000, remaining: 50, resetMs: 5000 }],
    ],
    [
      'the IETF draft, revision 6',
      { 'RateLimit-Limit': '100, 100;w=60', 'RateLimit-Remaining': '4', 'RateLimit-Reset': '9' },
      [{ limit: 100, windowMs: 60_000, remaining: 4, resetMs: 9000 }],
    ],
    [
      'seconds of the epoch, as GitHub sends them',
      {
        'X-RateLimit-Limit': '5000',
        'X-RateLimit-Remaining': '4999',
        'X-RateLimit-Reset': String(Date.UTC(2026, 10, 21, 3, 10, 0) / 1000),
      },
      [{ limit: 5000, remaining: 4999, resetMs: 600_000 }],
    ],
    [
      'milliseconds of the epoch',
      {
        'X-RateLimit-Remaining': '1',
        'X-RateLimit-Reset': String(Date.UTC(2026, 10, 21, 3, 0, 9)),
      },
      [{ remaining: 1, resetMs: 9000 }],
    ],
    [
      "a date by the server's clock, whatever ours says",
      {
        Date: 'Sat, 21 Nov 2026 01:00:00 GMT',
        'X-RateLimit-Remaining': '1',
        'X-RateLimit-Reset': String(Date.UTC(2026, 10, 21, 1, 0, 9) / 1000),
      },
      [{ remaining: 1, resetMs: 9000 }],
    ],
    ['nothing in numbers beyond counting', { RateLimit: `"a";r=${'9'.repeat(400)}` }, []],
    ['nothing below 0 or in exponents', { RateLimit: '"a";r=-5, "b";r=1e9' }, []],
    ['nothing in a string that never ends', { RateLimit: '"a;r=1' }, []],
    [
      'names that objects have, too',
      { RateLimit: '"__proto__";r=1', 'RateLimit-Policy': '"__proto__";q=5;__proto__=3' },
      [{ limit: 5, remaining: 1 }],
    ],
    [
      'durations by unit, as OpenAI sends them',
      {
        'x-ratelimit-limit-requests': '60',
        'x-ratelimit-remaining-requests': '59',
        'x-ratelimit-reset-requests': '1s',
        'x-ratelimit-remaining-tokens': '149984',
        'x-ratelimit-reset-tokens': '6m0.5s',
      },
      [
        { limit: 60, remaining: 59, resetMs: 1000 },
        { unit: 'tokens', remaining: 149_984, resetMs: 360_500 },
      ],
    ],
    [
      'dates by unit, as Anthropic sends them',
      {
        'anthropic-ratelimit-tokens-limit': '80000',
        'anthropic-ratelimit-tokens-remaining': '0',
        'anthropic-ratelimit-tokens-reset': '2026-11-21T03:00:30Z',
      },
      [{ unit: 'tokens', limit: 80_000, remaining: 0, resetMs: 30_000 }],
    ],
    ['nothing', {}, []],
    ['nonsense', { RateLimit: ';;;=,"', 'X-RateLimit-Remaining': 'many' }, []],
  ])('reads %s', (_what, headers, expected) => {
    expect(read(headers)).toEqual(expected.map(quota));
  });
});
