// A pool of agents with prompt caches, in virtual time: who returns to the agent that knows the
// conversation is answered sooner, unless that agent is too busy. An agent is drained meanwhile.
import assert from 'node:assert/strict';
import { affinity, balancer, type BalancePolicy, leastRequest } from 'tenfold/balance';
import { virtualRuntime } from 'tenfold/sim';

interface Agent {
  readonly name: string;
  /** Conversations whose prompt is cached. */
  readonly warm: Set<string>;
}

async function serve(policy: BalancePolicy): Promise<{ meanMs: number; hits: number }> {
  const runtime = virtualRuntime({ seed: 7 });
  const random = runtime.random('conversations');
  const agents = Array.from({ length: 8 }, (_, n): Agent => ({
    name: `agent-${n}`,
    warm: new Set(),
  }));
  const desk = balancer<Agent>({
    endpoints: agents.map((agent) => ({ id: agent.name, target: agent })),
    ...{ policy, runtime },
  });
  let hits = 0;
  let totalMs = 0;

  const ask = (session: string): Promise<void> =>
    desk.run(
      async (_call, agent) => {
        const isWarm = agent.warm.has(session);
        if (isWarm) hits++;
        agent.warm.add(session);
        await runtime.sleep(isWarm ? 600 : 2_000); // the prompt is read again when it is not cached
      },
      { session },
    );

  await runtime.run(async () => {
    const calls: Promise<void>[] = [];
    for (let call = 0; call < 2_000; call++) {
      const from = runtime.now();
      const session = `conversation ${Math.floor(random() * 60)}`;
      calls.push(ask(session).then(() => void (totalMs += runtime.now() - from)));
      await runtime.sleep(120);
      if (call === 1_000)
        calls.push(desk.drain('agent-0').then(({ inFlight }) => assert.equal(inFlight, 0)));
    }
    await Promise.all(calls);
  });
  assert.equal(desk.snapshot().endpoints.length, 7);
  return { meanMs: totalMs / 2_000, hits: hits / 2_000 };
}

const byLoad = await serve(leastRequest());
const byAffinity = await serve(affinity());
for (const [name, { meanMs, hits }] of Object.entries({ byLoad, byAffinity })) {
  console.log(
    `${name.padEnd(11)} ${meanMs.toFixed(0).padStart(5)} ms, ${(hits * 100).toFixed(0)} % found their prompt cached`,
  );
}
assert.ok(byAffinity.hits > 0.85, 'nearly every turn of a conversation finds its agent');
assert.ok(byAffinity.meanMs < 0.8 * byLoad.meanMs, 'and is answered sooner');
