// Agents on one LLM account: requests and tokens a minute, calls in flight and a share for each tenant
// are one decision. Tokens are reserved by estimate and settled by what the answer says. Somebody else
// uses the account, too; the provider's own headers pull all agents back. Ten minutes in virtual time.
import assert from 'node:assert/strict';
import {
  bucket,
  concurrencyLimiter,
  jointLimiter,
  keyedLimiter,
  providerFeedback,
  rateLimiter,
} from 'tenfold/admission';
import { type VirtualRuntime, virtualRuntime } from 'tenfold/sim';

const perMinute = (limit: number) => bucket({ capacity: limit / 6, refillPerSecond: limit / 60 });

/** An account of 90,000 tokens a minute, a third of which goes to others. */
function llm(runtime: VirtualRuntime) {
  const account = rateLimiter({ rate: perMinute(90_000), runtime });
  const random = runtime.random('llm');
  const counts = { served: 0, refused: 0 };
  const others = async (): Promise<void> => {
    for (let second = 0; second < 600; second++) {
      account.tryTake({ cost: 500 });
      await runtime.sleep(1_000);
    }
  };
  const answer = async (kind: string) => {
    const usage = Math.round((kind === 'summary' ? 2_000 : 150) * (0.5 + random()));
    const entry = account.tryTake({ cost: usage });
    await runtime.sleep(entry.ok ? 200 + 800 * random() : 20);
    counts[entry.ok ? 'served' : 'refused'] += entry.ok ? usage : 1;
    const headers: Record<string, string> = {
      'x-ratelimit-remaining-tokens': String(Math.max(0, Math.floor(account.peek().remaining))),
      ...(!entry.ok && { 'retry-after': String(Math.ceil(entry.retryAfterMs / 1000)) }),
    };
    if (entry.ok) return { usage, headers };
    throw Object.assign(new Error('too many'), { status: 429, usage: 0, headers });
  };
  return { answer, others, counts };
}

async function tenMinutes(withFeedback: boolean) {
  const runtime = virtualRuntime({ seed: 1 });
  const { answer, others, counts } = llm(runtime);
  const usageOf = (said: unknown): number | undefined => (said as { usage?: number }).usage;
  const shared = { unit: 'tokens', settle: { actual: usageOf, initial: 1_000 }, runtime };
  const tokens = rateLimiter({ name: 'tokens', rate: perMinute(90_000), ...shared });
  const guard = jointLimiter({
    limiters: [
      rateLimiter({ name: 'requests', rate: perMinute(600), unit: 'requests', runtime }),
      tokens,
      keyedLimiter({
        name: 'tenant',
        rate: perMinute(45_000), // nobody uses more than half of the account
        keyOf: ({ tenant = '' }) => tenant,
        ...shared,
      }),
      concurrencyLimiter({ name: 'in flight', limit: 16, runtime }),
      ...(withFeedback ? [providerFeedback({ retune: { tokens }, runtime })] : []),
    ],
    maxWaitMs: 60_000,
    runtime,
  });
  const agent = async (tenant: string, kind: string): Promise<void> => {
    while (runtime.now() < 600_000) {
      const call = { tenant, kind, cost: { requests: 1 } };
      await guard.run(() => answer(kind), call).catch(() => undefined);
    }
  };
  const agents = ['acme', 'acme', 'acme', 'globex', 'globex'].flatMap((tenant) =>
    ['summary', 'title', 'title', 'title'].map((kind) => agent(tenant, kind)),
  );
  await runtime.run(() => Promise.all([...agents, others()]));
  return { ...counts, estimates: tokens.snapshot().estimates };
}

const [alone, told] = [await tenMinutes(false), await tenMinutes(true)];
for (const [name, { served, refused }] of Object.entries({ alone, told })) {
  console.log(`${name}: ${Math.round(served / 10)} tokens a minute, ${refused} refused with 429`);
}
console.log(`a summary is now taken to cost ${told.estimates['summary']} tokens`);
assert.ok(told.refused < alone.refused / 3, 'the provider has to refuse far less');
assert.ok(told.served > alone.served * 0.9, 'and as much is served');
assert.ok((told.estimates['summary'] ?? 0) > 2_000 && (told.estimates['title'] ?? 0) < 250);
