// A learning platform at ten times its load: requests of four kinds for one pool of agents. Each kind is
// sure of its share and lends what it does not use; one tenant sends ten times as much as all others;
// an agent on a spot instance is taken away in the middle. Every request is answered, and the small
// tenants hardly notice. An hour of it passes in a few seconds of virtual time.
import assert from 'node:assert/strict';
import { pool, workQueue } from 'tenfold';
import { virtualRuntime } from 'tenfold/sim';

const shares = { generation: 0.4, assessment: 0.25, personalisation: 0.2, intelligence: 0.15 };
const runtime = virtualRuntime({ seed: 7 });
const random = runtime.random('arrivals');

interface Agent {
  readonly id: number;
  stop: (reason: Error) => void;
}
let made = 0;
const agents = pool<Agent>({
  max: 20,
  min: 5,
  create: async () => {
    await runtime.sleep(3_000); // an agent takes three seconds to start
    return { id: ++made, stop: () => undefined };
  },
  destroy: (agent) => agent.stop(new Error('taken away')),
  specialities: { shares },
  runtime,
});
const queue = workQueue({
  concurrency: agents,
  fair: { by: 'tenant' },
  retry: { attempts: 3, delayMs: () => 100 },
  statistics: true,
  runtime,
});

/** Half a second of work on average, cut short when the agent is taken away. */
const work = (_call: unknown, agent: Agent): Promise<number> =>
  new Promise((resolve, reject) => {
    agent.stop = reject;
    void runtime.sleep(250 + random() * 500).then(() => resolve(agent.id));
  });

const waits: Record<string, number[]> = { mouse: [], hog: [] };
let worst = 0;

await runtime.run(async () => {
  const answers: Promise<unknown>[] = [];
  for (let second = 0; second < 3_600; second++) {
    // Quiet at first, then ten times as much as the pool can do in the time.
    const isRush = second >= 600 && second < 660;
    const kinds = isRush ? Object.keys(shares) : ['assessment'];
    for (let i = 0; i < (isRush ? 400 : 4); i++) {
      const kind = kinds[i % kinds.length] as string;
      const tenant = i % 11 === 0 ? 'mouse' : 'hog';
      const cameAt = runtime.now();
      const job = async (call: unknown, agent: Agent): Promise<number> => {
        waits[tenant]?.push(runtime.now() - cameAt);
        return work(call, agent);
      };
      answers.push(queue.run(job, { kind, tenant }));
    }
    if (second === 620) {
      // A spot instance hears that it has one second left.
      await using lease = await agents.acquire({ kind: 'generation' });
      agents.retire(lease.resource, { noticeMs: 1_000 });
    }
    worst = Math.max(worst, queue.snapshot().waiting);
    await runtime.sleep(1_000);
  }
  await Promise.all(answers); // rejects if a single request was lost
  await queue.close();
  await agents.close();
});

const mean = (times: readonly number[]): number => times.reduce((a, b) => a + b, 0) / times.length;
const { total } = queue.statistics as { total: { succeeded: number; entered: number } };
console.log(`${total.succeeded} of ${total.entered} requests answered, ${worst} waited at once`);
console.log(`${made} agents were made for an hour with one rush`);
console.log(
  `mean wait: mice ${(mean(waits['mouse'] ?? []) / 1_000).toFixed(1)} s, hog ${(mean(waits['hog'] ?? []) / 1_000).toFixed(1)} s`,
);
assert.equal(total.succeeded, total.entered);
assert.ok(mean(waits['mouse'] ?? []) * 3 < mean(waits['hog'] ?? []), 'the hog pays for the rush');
