// A guard for Fetch-style handlers (Hono, Deno, Bun, workers): one function around (Request) => Response.
// Requests wait their turn for up to 100 ms; beyond that they are told when to come back.
import assert from 'node:assert/strict';
import { isRejectedError, type Call } from 'tenfold';
import {
  bucket,
  jointLimiter,
  keyedLimiter,
  rateLimiter,
  rateLimitHeaders,
} from 'tenfold/admission';

type Handler = (request: Request) => Promise<Response>;

const limiter = jointLimiter({
  limiters: [
    rateLimiter({ name: 'all', rate: bucket({ capacity: 8, refillPerSecond: 100 }) }),
    keyedLimiter({
      name: 'tenant',
      rate: bucket({ capacity: 4, refillPerSecond: 20 }),
      keyOf: ({ tenant = '' }) => tenant,
    }),
  ],
  maxWaitMs: 100,
});

function guarded(handler: Handler): Handler {
  return async (request) => {
    const tenant = request.headers.get('x-tenant') ?? 'anonymous';
    const call: Call = { tenant, signal: request.signal };
    try {
      const response = await limiter.run(() => handler(request), call);
      const headers = new Headers(response.headers);
      for (const [name, value] of Object.entries(rateLimitHeaders(limiter.peek(call)))) {
        headers.set(name, value);
      }
      return new Response(response.body, { status: response.status, headers });
    } catch (error) {
      if (!isRejectedError(error)) throw error;
      const refusal = { ...error, ok: false, message: error.message } as const;
      return Response.json(
        { error: error.code, limit: error.policy },
        { status: 429, headers: rateLimitHeaders(limiter.peek(call), refusal) },
      );
    }
  };
}

const handler = guarded(async () => new Response('hello'));
const from = (tenant: string) =>
  handler(new Request('http://localhost/', { headers: { 'x-tenant': tenant } }));

const began = performance.now();
const burst = await Promise.all(Array.from({ length: 10 }, () => from('acme')));
const calm = await from('globex');
const took = performance.now() - began;

// Four at once, one 50 and one 100 ms later; the others would have waited longer than that.
const passed = burst.filter(({ status }) => status === 200).length;
assert.ok(passed >= 5 && passed <= 7, `${passed} passed`);
assert.ok(took < 1_000);
assert.equal(calm.status, 200);
const refused = burst.find(({ status }) => status === 429) as Response;
assert.equal(refused.headers.get('retry-after'), '1');
assert.deepEqual(await refused.json(), { error: 'ERR_RATE_LIMITED', limit: 'tenant' });
console.log(`acme: ${passed} of 10 passed, globex: ${calm.status}`);
console.log(`RateLimit: ${calm.headers.get('ratelimit')}`);
