import { describe, expect, it } from 'vitest';
import {
  bucket,
  concurrencyLimiter,
  fixedWindow,
  jointLimiter,
  rateLimiter,
  rateLimitHeaders,
  readQuotas,
  tokenBucket,
} from '../../src/admission/index.ts';
import { virtualRuntime } from '../../src/sim/index.ts';

const runtime = virtualRuntime();

describe('rateLimitHeaders', () => {
  it('tells quota, window, what is left and when it is whole again', () => {
    const limiter = tokenBucket({ name: 'api', capacity: 100, refillPerSecond: 10, runtime });
    limiter.tryTake({ cost: 25 });

    expect(rateLimitHeaders(limiter.peek())).toEqual({
      'RateLimit-Policy': '"api";q=100;w=10',
      RateLimit: '"api";r=75;t=3',
    });
  });

  it('says no number that a structured field cannot hold', () => {
    const limiter = tokenBucket({ name: 'api', capacity: 1e30, refillPerSecond: 1, runtime });

    expect(rateLimitHeaders(limiter.peek())).toEqual({
      'RateLimit-Policy': '"api";q=999999999999999;w=999999999999999',
      RateLimit: '"api";r=999999999999999',
    });
  });

  it('tells a client when to come back, and of no reset after that', () => {
    const limiter = tokenBucket({ name: 'api', capacity: 100, refillPerSecond: 10, runtime });
    limiter.tryTake({ cost: 100 });
    const refusal = limiter.tryTake({ cost: 12 });

    expect(rateLimitHeaders(limiter.peek(), refusal.ok ? undefined : refusal)).toEqual({
      'RateLimit-Policy': '"api";q=100;w=10',
      RateLimit: '"api";r=0;t=2',
      'Retry-After': '2',
    });
  });

  it('names the units of each limit of a joint decision, which come back as they went out', () => {
    const joint = jointLimiter({
      limiters: [
        rateLimiter({ name: 'quota', rate: fixedWindow({ limit: 9, windowMs: 500 }), runtime }),
        rateLimiter({
          name: 'a "b" \\ ü',
          rate: bucket({ capacity: 50, refillPerSecond: 1 }),
          unit: 'tokens',
          runtime,
        }),
        concurrencyLimiter({ name: 'in flight', limit: 4, runtime }),
      ],
      runtime,
    });

    const headers = rateLimitHeaders(joint.peek());

    expect(headers['RateLimit-Policy']).toBe(
      '"quota";q=9;w=1, "a \\"b\\" \\\\ ?";q=50;w=50;qu="tokens", "in flight";q=4;qu="concurrent-requests"',
    );
    const read = readQuotas(new Response('', { headers }), [], runtime);
    expect(read.map(({ unit, limit, remaining }) => [unit, limit, remaining])).toEqual([
      ['requests', 9, 9],
      ['tokens', 50, 50],
      ['concurrent-requests', 4, 4],
    ]);
  });

  it('tells nothing of what is never, unknown or without end', () => {
    const endless = tokenBucket({ capacity: 1, refillPerSecond: 0, runtime });
    endless.tryTake();
    const never = endless.tryTake();

    expect(rateLimitHeaders(endless.peek(), never.ok ? undefined : never)).toEqual({
      'RateLimit-Policy': '"tokenBucket";q=1',
      RateLimit: '"tokenBucket";r=0',
    });
    expect(rateLimitHeaders([])).toEqual({});
  });
});
