// A service that has p-queue, opossum and lru-cache already, and keeps them: p-queue goes by our order,
// opossum's breaker stands in a composition with our retry, and the existing LRU cache is a tier. These
// three read the real clock, so this example takes a second of real time.
import assert from 'node:assert/strict';
import { LRUCache } from 'lru-cache';
import CircuitBreaker from 'opossum';
import PQueue, { type QueueAddOptions } from 'p-queue';
import { compose, retry } from 'tenfold';
import { opossumAction, opossumPolicy, pQueueOrder, type PQueueLine } from 'tenfold/adapters';
import { cache, lruTier } from 'tenfold/cache';

/** A backend that fails its first calls, and counts. */
const backend = { calls: 0, failing: 2 };
async function render(page: string): Promise<string> {
  backend.calls++;
  if (backend.failing-- > 0) throw new Error('backend down');
  return `<h1>${page}</h1>`;
}

// p-queue, with shares between tenants: a hog's hundred pages do not delay a mouse's one.
const queue = new PQueue<PQueueLine, QueueAddOptions & { tenant?: string }>({
  concurrency: 1,
  autoStart: false,
  queueClass: pQueueOrder({ fair: { by: 'tenant' } }),
});
const order: string[] = [];
for (let i = 0; i < 100; i++) void queue.add(async () => order.push('hog'), { tenant: 'hog' });
void queue.add(async () => order.push('mouse'), { tenant: 'mouse' });
queue.start();
await queue.onIdle();
console.log(`the mouse came ${order.indexOf('mouse') + 1}. of ${order.length}`);
assert.ok(order.indexOf('mouse') < 2);

// opossum, with our retry around it, which waits while the circuit is open for as long as that says.
const breaker = new CircuitBreaker(opossumAction, {
  name: 'renderer',
  volumeThreshold: 2,
  errorThresholdPercentage: 50,
  resetTimeout: 300,
});
const patient = retry({
  attempts: 4,
  delayMs: 10,
  retryIf: ({ outcome }) => outcome === 'failure',
});
const guard = compose(patient, opossumPolicy(breaker));

// lru-cache, as the only memory of a cache that loads each page once.
const lru = new LRUCache<string, object>({ max: 500 });
const pages = cache<string>({ memory: false, tiers: [lruTier(lru)] });
const page = (name: string): Promise<string | undefined> =>
  pages.get(name, () => guard.run(() => render(name)));

const startedAt = performance.now();
const answers = await Promise.all([page('home'), page('home'), page('home')]);
console.log(`${answers.length} readers, ${backend.calls} calls, the last one successful`);
assert.deepEqual(answers, ['<h1>home</h1>', '<h1>home</h1>', '<h1>home</h1>']);
assert.ok(backend.calls <= 4 && lru.size === 1);
console.log(`answered after ${Math.round(performance.now() - startedAt)} ms`);

await pages.close();
breaker.shutdown();
